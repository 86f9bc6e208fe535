"""Ours: a dependency installs a package of this name, too."""
