"""The Filters page: kernels and histograms of all weights."""
