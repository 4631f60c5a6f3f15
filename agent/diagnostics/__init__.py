"""Verdicts from what host has read; pure."""
