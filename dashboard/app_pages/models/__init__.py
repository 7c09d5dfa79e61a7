"""The Models page: every network, its layers and the classics."""
