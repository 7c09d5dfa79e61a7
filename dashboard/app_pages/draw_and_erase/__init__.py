"""The drawing page: pen and eraser on the pixels, and the smallest edit."""
