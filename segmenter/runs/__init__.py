"""A finished run's folder: write, read, list, compare."""
