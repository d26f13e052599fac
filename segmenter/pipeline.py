"""The one way through the program, from source to run folder."""
