"""Defects put into a copy of the program on purpose: the tests must see each of them."""
