"""Groups of duplicates, and which file of each stays."""
