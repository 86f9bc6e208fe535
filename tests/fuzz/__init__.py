"""Feeds the leak engine with what no one would think of."""
