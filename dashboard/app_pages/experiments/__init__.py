"""The Experiments page: one factor at a time, and the classical baselines."""
