"""What a folder holds and what it will take, before anything is computed of it: from the first bytes of its files."""
