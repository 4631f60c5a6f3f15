"""Simulated machines and benches."""
