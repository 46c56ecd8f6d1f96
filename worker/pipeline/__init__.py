"""What the tasks do, as plain functions that take their collaborators and the clock as arguments."""
