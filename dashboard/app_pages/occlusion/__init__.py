"""The Occlusion page: the fall of the answer with a patch at every position."""
