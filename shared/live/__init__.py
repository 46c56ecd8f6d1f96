"""What is going on, for those who show it to people: looks at Redis, speeds, and the words for them, once."""
