"""The Misclassified page: the test images that are read wrongly."""
