"""How much of the corpus the engine finds, and whether it finds what is not there."""
