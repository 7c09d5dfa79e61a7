"""The page Which map to believe: all methods ranked."""
