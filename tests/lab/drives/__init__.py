"""Drives in software that speak the real protocols, and that can fail, lie, freeze and lose power."""
