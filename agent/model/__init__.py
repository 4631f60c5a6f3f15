"""Frozen values and enums; no input, no output, no clock."""
