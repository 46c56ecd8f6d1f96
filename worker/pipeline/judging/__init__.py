"""The verdict writer: every image gets its verdict, from one writer."""
