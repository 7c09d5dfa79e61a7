"""Which method's maps can be believed, on every network."""
