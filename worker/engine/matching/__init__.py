"""Whether two pictures are the same one, edited."""
