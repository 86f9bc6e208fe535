"""Ratios against peers, on this machine: `make bench`."""
