"""The Overview page: the picture through the network."""
