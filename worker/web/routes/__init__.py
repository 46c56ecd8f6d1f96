"""What each address answers: thin, the work is elsewhere."""
