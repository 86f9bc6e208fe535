"""Places where secrets live."""
