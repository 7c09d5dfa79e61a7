"""The Robustness page: where a change of the picture turns the answer."""
