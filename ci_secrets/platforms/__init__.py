"""CI systems: who am I, and how do I speak to the runner."""
