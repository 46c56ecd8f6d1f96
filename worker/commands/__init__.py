"""What the command line starts in a process of its own, because it needs what workers need."""
