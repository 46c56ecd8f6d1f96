"""Files that belong together: a picture, and what cameras, phones and programs put beside it under its name."""
