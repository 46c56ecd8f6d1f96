"""All processes on one machine: which they are, how supervisord runs them, and the flow of `imagesieve up`."""
