"""The Embedding page: the test set as the network sees it."""
