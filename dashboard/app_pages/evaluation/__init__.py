"""The Evaluation page: how right a network is, in figures and curves."""
