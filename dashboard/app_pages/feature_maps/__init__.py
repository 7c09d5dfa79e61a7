"""The Feature maps page: the output of every layer."""
