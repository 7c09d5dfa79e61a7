"""The test images as a network sees them: its last features, laid out flat, and their neighbours.

Features are what the last dense layer takes. Images that are near each other there look alike to
the network, since all that follows is a weighted sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import inference
from cnn_core.activations import source_layers
from cnn_core.inference import Progress, no_progress
from cnn_core.model_cache import cached_per_model

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Projection:
    """A flat map of features: the plane in which they differ most.

    Attributes:
        mean: (d,) float32, the centre of the features.
        axes: (2, d) float32, the directions of the two coordinates, of length 1.
        shares: (2,) float32, the part of the features' variance along each, in [0, 1].
    """

    mean: np.ndarray
    axes: np.ndarray
    shares: np.ndarray

    def place(self, features: np.ndarray) -> np.ndarray:
        """Compute the exact place of features (n, d) on the map: (n, 2) float32."""
        placed: np.ndarray = (features.astype(np.float32) - self.mean) @ self.axes.T
        return placed


def feature_layer(model: keras.Model) -> str:
    """Return the name of the layer whose output the last dense layer takes.

    A dropout in between changes nothing and is gone over. Without a dense layer it is the layer
    before the last.
    """
    import keras

    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    name = source_layers((dense or model.layers)[-1])[0]
    while isinstance(model.get_layer(name), keras.layers.Dropout):
        name = source_layers(model.get_layer(name))[0]
    return name


def features(
    model: keras.Model, images: np.ndarray, *, progress: Progress = no_progress
) -> np.ndarray:
    """Compute the last features of each image.

    Args:
        model: A Functional network.
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].
        progress: Callback that receives the share done, in [0, 1], after every batch.

    Returns:
        (n, d) float32; maps are flattened.

    Raises:
        ValueError: The images do not fit the network, or hold a value that is not finite.
    """
    return inference.in_batches(
        _traced(model), inference.as_batch(model, images), progress=progress
    )


def _width(model: keras.Model) -> int:
    return math.prod(model.get_layer(feature_layer(model)).output.shape[1:])


@cached_per_model()
def _traced(model: keras.Model) -> Callable[[np.ndarray], Any]:
    import keras
    import tensorflow as tf

    inner = keras.Model(model.inputs, model.get_layer(feature_layer(model)).output)
    size = _width(model)
    return inference.traced(
        model, lambda images: tf.reshape(inner([images], training=False), (-1, size))
    )


def fit_projection(features: np.ndarray) -> Projection:
    """Find the plane in which features differ most: their first two principal components.

    Reference: Karl Pearson, "On Lines and Planes of Closest Fit to Systems of Points in Space",
    1901, https://doi.org/10.1080/14786440109462720

    Args:
        features: (n, d).

    Returns:
        A Projection. Each axis points to where its largest weight is above 0.

    Raises:
        ValueError: There are fewer than two images or features, or all images are alike.

    Example:
        >>> points = np.array([[0, 0, 0], [2, 0, 0], [4, 0, 0], [2, 1, 0]], np.float32)
        >>> fit_projection(points).axes.round(2).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    from sklearn.decomposition import PCA

    if features.ndim != 2 or min(features.shape) < 2 or not np.ptp(features, axis=0).any():
        raise ValueError(
            "Expected features (n, d) with n and d of at least 2, not all alike. "
            f"Received: features.shape={features.shape}"
        )
    found = PCA(2, svd_solver="covariance_eigh").fit(features.astype(np.float64))
    axes = found.components_
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], 1)
    return Projection(
        found.mean_.astype(np.float32),
        (axes * np.sign(largest)).astype(np.float32),
        found.explained_variance_ratio_.astype(np.float32),
    )


def neighbourhoods(features: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Lay features out flat so that near neighbours stay near: t-SNE.

    Distances between far groups, and the sizes of groups, mean nothing in it.

    Reference: Laurens van der Maaten and Geoffrey Hinton, "Visualizing Data using t-SNE", 2008,
    https://www.jmlr.org/papers/v9/vandermaaten08a.html

    Args:
        features: (n, d), n of at least 4.
        seed: Seed; the same seed gives the same layout.

    Returns:
        (n, 2) float32.

    Raises:
        ValueError: There are fewer than four images, or all images are alike.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    plane = fit_projection(features).place(features)
    if len(features) < 4:
        raise ValueError(f"Expected at least 4 images. Received: {len(features)}")
    start = plane / max(float(plane[:, 0].std()), 1e-12) * 1e-4
    with threadpool_limits(1):  # its threads wait for each other longer than they work
        layout = TSNE(
            init=start, perplexity=min(30.0, (len(features) - 1) / 3), max_iter=500,
            random_state=seed,
        ).fit_transform(features.astype(np.float32))  # fmt: skip
    return np.asarray(layout, np.float32)


def nearest(features: np.ndarray, one: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the images whose features are nearest to those of one image.

    Args:
        features: (n, d).
        one: (d,), of that image.
        count: Count of neighbours, fewer if there are not as many.

    Returns:
        Their indices (count,) int64, the nearest first, of equals the earlier; and their Euclidean
        distances (count,) float32, at least 0.

    Example:
        >>> indices, distances = nearest(np.eye(3), np.array([1, 0, 0]), 2)
        >>> indices.tolist()
        [0, 1]
    """
    distances = np.linalg.norm(features.astype(np.float32) - one.astype(np.float32), axis=1)
    order = np.argsort(distances, kind="stable")[:count]
    return order, distances[order]


def place_among(layout: np.ndarray, neighbours: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Place a new image in a layout that has no formula, among its nearest neighbours.

    Args:
        layout: (n, 2) of the images laid out.
        neighbours: (k,) indices of the nearest of them.
        distances: (k,) of those, at least 0.

    Returns:
        (2,) float32, the mean of their places, each weighed by 1 / distance; if the image is the
        same as some of them, the mean of those.
    """
    same = distances == 0
    weights = same.astype(np.float64) if same.any() else 1 / distances.astype(np.float64)
    placed: np.ndarray = weights @ layout[neighbours] / weights.sum()
    return placed.astype(np.float32)
