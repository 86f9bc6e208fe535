"""What is done about a leak."""
