"""The network that describes pictures: the one room that knows Keras."""
