"""The gradients that saliency, paths and attacks are made of."""

from __future__ import annotations

import numpy as np

from cnn_core import inference
from cnn_core.attribution.gradient import gradients
from support.networks import linear, small


def test_gradients_of_a_linear_network_are_its_weights() -> None:
    weights = np.random.default_rng(0).normal(size=(4, 6, 2, 3)).astype(np.float32)
    model, images = linear(weights), np.random.default_rng(1).random((5, 4, 6, 2), np.float32)
    each = np.random.default_rng(2).normal(size=(5, 3)).astype(np.float32)
    found = gradients(model, images, each)
    np.testing.assert_allclose(found, np.einsum("hwcl,nl->nhwc", weights, each), rtol=1e-5)
    np.testing.assert_allclose(
        gradients(model, images, each[0]), np.repeat(found[:1], 5, axis=0), rtol=1e-5
    )


def test_every_image_has_gradients_of_its_own_however_many_there_are() -> None:
    model = small((9, 12, 1))
    images = np.random.default_rng(0).random((inference.BATCH_SIZE + 1, 9, 12, 1), np.float32)
    each = np.random.default_rng(1).normal(size=(len(images), 3)).astype(np.float32)
    together = gradients(model, images, each)
    for i in (0, 7, len(images) - 1):
        alone = gradients(model, images[i : i + 1], each[i])
        np.testing.assert_allclose(together[i : i + 1], alone, atol=1e-5)
    assert gradients(model, images[:0], each[:0]).shape == (0, 9, 12, 1)
