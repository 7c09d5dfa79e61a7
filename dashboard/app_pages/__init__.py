"""The pages, one script each; run through Home.py."""
