"""A run -> charts -> pages, HTML and PDF; knows nothing of how numbers were made."""
