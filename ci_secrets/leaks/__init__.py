"""Finds known values in text in every disguise."""
