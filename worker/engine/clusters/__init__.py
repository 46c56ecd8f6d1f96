"""Clusters of pictures that look similar, and how many of them there are."""
