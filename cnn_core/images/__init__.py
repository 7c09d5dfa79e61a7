"""Pictures: reading, decoding, segmentation and strokes."""

from cnn_core.images.reading import (
    centre_digit,
    read_digit,
    read_picture,
)

__all__ = ["centre_digit", "read_digit", "read_picture"]
