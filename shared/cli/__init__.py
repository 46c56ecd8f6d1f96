"""The `imagesieve` command. Results on standard output, everything else on standard error."""
