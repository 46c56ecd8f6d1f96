"""Acting on duplicates: checked against the disk and written in a journal right before, and undone from that."""
