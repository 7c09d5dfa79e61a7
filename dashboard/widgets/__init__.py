"""The browser components: a Python door, a script and a style sheet each."""
