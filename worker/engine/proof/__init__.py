"""Whether one file holds all that another holds: the proof before the other may go."""
