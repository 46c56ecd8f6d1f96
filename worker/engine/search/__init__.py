"""Which pictures are worth comparing with a new one."""
