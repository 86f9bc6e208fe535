"""What the tests feed on. Values are generated from a seed and never stored."""
