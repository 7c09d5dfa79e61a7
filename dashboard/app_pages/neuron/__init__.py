"""The Neuron page: one channel or unit."""
