"""From the files of a message to features in the store."""
