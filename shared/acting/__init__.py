"""What a report names and a journal tells of duplicates, for those who only read it."""
