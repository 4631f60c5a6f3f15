"""Faulty drives below the real program, in a User Mode Linux guest; DESIGN's second tier."""
