"""Joins plan, job, record, signature, durability and upload; the screen and the command line both call it."""
