"""A picture cut into a few connected pieces: parts of strokes, or superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.datasets import Background

# How much dearer a step is from black to white than along one grey level.
_CONTRAST = 20.0


def superpixels(image: np.ndarray, num_pieces: int, background: Background) -> np.ndarray:
    """Cut an image into connected pieces of about the same size.

    Ink is cut into parts of its strokes, and the empty ground is no piece; a picture is cut into
    superpixels that cover it. Each piece holds the pixels that are nearest to its centre on the
    way through the picture, where steps across an edge are long. A piece never joins two strokes
    that do not touch, so there are more pieces than asked for if there are more strokes.

    Args:
        image: (height, width, channels) in [0, 1].
        num_pieces: At least 1; fewer come back if there are fewer pixels.
        background: "paper" below strokes, or "photo".

    Returns:
        (height, width) int64, the piece of each pixel, from 0 on; -1 for no piece.
    """
    from scipy.sparse.csgraph import connected_components, dijkstra

    taken = np.ones(image.shape[:2], bool)
    if background == "paper":
        taken &= image.any(axis=-1)
    labels = np.full(taken.shape, -1)
    if not taken.any():
        return labels
    graph = _steps(image, taken)
    count, strokes = connected_components(graph, directed=False)
    centres = [int(np.flatnonzero(strokes == i)[0]) for i in range(count)]
    # The first centres only tell where a stroke is; the farthest pixel from all comes next.
    while len(centres) < min(num_pieces, graph.shape[0]):
        distances = dijkstra(graph, directed=False, indices=centres, min_only=True)
        centres.append(int(distances.argmax()))
    _, _, nearest = dijkstra(
        graph, directed=False, indices=centres, min_only=True, return_predecessors=True
    )
    labels[taken] = np.searchsorted(np.sort(centres), nearest)
    return labels


def _steps(image: np.ndarray, taken: np.ndarray) -> Any:
    """Return the graph of all steps between neighbouring pixels, and how long each step is."""
    from scipy.sparse import coo_array

    number = np.full(taken.shape, -1)
    number[taken] = np.arange(taken.sum())
    height, width = taken.shape
    starts, ends, lengths = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = np.s_[: height - down, max(0, -right) : width - max(0, right)]
        there = np.s_[down:, max(0, right) : width + min(0, right)]
        both = taken[here] & taken[there]
        contrast = np.abs(image[here] - image[there]).max(axis=-1)[both]
        starts.append(number[here][both])
        ends.append(number[there][both])
        lengths.append(np.hypot(down, right) * (1 + _CONTRAST * contrast))
    size = int(taken.sum())
    edges = (np.concatenate(starts), np.concatenate(ends))
    return coo_array((np.concatenate(lengths), edges), shape=(size, size)).tocsr()
