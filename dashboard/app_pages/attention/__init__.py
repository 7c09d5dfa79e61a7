"""The Attention page: which pixels the answer rests on."""
