"""From a file's bytes to a picture: upright, 8-bit RGB."""
