"""The Compare page: two networks on one picture."""
