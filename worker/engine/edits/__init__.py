"""Edited copies of pictures, as people make them."""
