"""The answers to many edits of one picture, from what each edit can reach alone.

For each edit only a block of every feature map changes. The network's steps are linear or act on
each place alone, so the change of a block goes through a convolution without its surroundings;
what was there before is added where a step bends, and the first dense layer takes only the units
that changed. Nothing is left out: the numbers are those of the whole network but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.attribution.chain import Chain, chain_of
from cnn_core.attribution.dense_head import Sharing, sharing
from cnn_core.attribution.reach import Move, Reach, reach
from cnn_core.attribution.walk import Walk, factor

if TYPE_CHECKING:
    import keras

# Positions that go through the network together: few enough that their blocks stay in the
# processor's cache, always as many, since each new number would be compiled for.
_MOST_TOGETHER = 64
_BYTES_TOGETHER = 2 << 20


def covered_logits(
    model: keras.Model,
    image: np.ndarray,
    filling: np.ndarray,
    starts: np.ndarray,
    patch_size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The logits with a patch at each position, from what each patch can reach.

    Args:
        model: a network that chain_of can read.
        image: (height, width, channels) float32 in [0, 1].
        filling: (height, width, channels) float32, what shows inside the patch.
        starts: (n, 2) the first row and column of each position, at least one.
        patch_size: side of the patch in pixels.

    Returns:
        The logits (classes,) of the untouched image, and those (n, classes) of all positions.
    """
    chain = chain_of(model)
    if isinstance(chain, str):
        raise ValueError(f"Expected a chain of layers. Received: {model.name}, since {chain}")
    found = reach(chain, starts, (patch_size, patch_size))
    together = _together(chain, found)
    order = np.arange(-(-len(starts) // together) * together).clip(max=len(starts) - 1)
    blocks = found.starts[order]
    shared = sharing(chain, blocks[:, -1], found.sizes[-1], is_whole=_ends_whole(found, chain))
    answer = _traced(model, found.moves, found.is_inside, shared is None)
    base, logits = answer(
        image,
        filling - image,
        blocks.reshape(-1, together, *blocks.shape[1:]),
        found.sizes,
        *(shared or Sharing.none()),
    )
    return base.numpy()[0], logits.numpy()[: len(starts)]


def _ends_whole(found: Reach, chain: Chain) -> bool:
    return found.moves[-1].is_whole if found.moves else tuple(found.sizes[0]) == chain.places[:2]


def _together(chain: Chain, found: Reach) -> int:
    channels = [chain.input_shape[2], *(step.shape[2] for step in chain.steps)]
    largest = max(4 * int(h) * int(w) * c for (h, w), c in zip(found.sizes, channels, strict=True))
    return 2 ** int(np.log2(np.clip(_BYTES_TOGETHER // largest, 4, _MOST_TOGETHER)))


@lru_cache(maxsize=64)
def _traced(
    model: keras.Model, moves: tuple[Move, ...], is_inside: bool, is_unshared: bool
) -> Callable[..., tuple[Any, Any]]:
    import tensorflow as tf

    chain: Any = chain_of(model)
    number, shape = len(chain.steps) + 1, chain.input_shape
    signature = [
        tf.TensorSpec(shape, tf.float32),
        tf.TensorSpec(shape, tf.float32),
        tf.TensorSpec((None, None, number, 2), tf.int32),
        tf.TensorSpec((number, 2), tf.int32),
        tf.TensorSpec((None, None, None), tf.int32),
        tf.TensorSpec((None, None), tf.int32),
    ]

    @tf.function(input_signature=signature, autograph=False)
    def answer(
        image: Any, change: Any, starts: Any, sizes: Any, cells: Any, slots: Any
    ) -> tuple[Any, Any]:
        walk = Walk(chain, moves, image, sizes)
        changed = tf.map_fn(
            lambda chunk: walk.changes(change, chunk),
            starts,
            fn_output_signature=tf.TensorSpec((None, None, None, chain.places[2]), tf.float32),
            parallel_iterations=2,
        )
        changed = tf.reshape(changed, tf.concat([[-1], tf.shape(changed)[2:]], 0))
        base = walk.maps[-1]
        if chain.ending == "mean":
            if not is_inside:
                last = tf.reshape(starts[:, :, -1], (-1, 2))
                changed *= walk.is_in_map(last, number - 1)
            area = chain.places[0] * chain.places[1]
            units = tf.reduce_sum(changed, axis=(1, 2)) / area
            base = tf.reduce_mean(base, axis=(1, 2))
            moved = tf.matmul(units, chain.dense.kernel)
        else:
            base, moved = _flat(chain, base, changed, cells, slots, is_unshared=is_unshared)
        before = _long_sum(base, chain.dense.kernel, chain.places)
        if chain.dense.use_bias:
            before += tf.cast(chain.dense.bias, tf.float64)
        after = before + tf.cast(moved, tf.float64)
        return _tail(chain, before), _tail(chain, after)

    return answer


def _flat(
    chain: Chain, base: Any, changed: Any, cells: Any, slots: Any, *, is_unshared: bool
) -> tuple[Any, Any]:
    """The flattened base, and what the changed units add to the first dense layer's units."""
    import tensorflow as tf

    base = tf.reshape(base, (1, -1))
    kernel = tf.convert_to_tensor(chain.dense.kernel)
    for layer in chain.scales:
        base = layer(base, training=False)
    for layer in reversed(chain.scales):
        kernel *= factor(layer)[:, None]
    if is_unshared:
        return base, tf.matmul(tf.reshape(changed, (-1, kernel.shape[0])), kernel)
    groups, width = tf.shape(cells)[0], tf.shape(cells)[2]
    channels, units = chain.places[2], kernel.shape[1]
    rows = tf.concat([tf.reshape(changed, (-1, channels)), tf.zeros((1, channels))], 0)
    taken = tf.reshape(tf.gather(rows, cells), (groups, -1, width * channels))
    added = tf.matmul(taken, tf.reshape(kernel, (groups, width * channels, units)))
    return base, tf.reduce_sum(tf.gather(tf.reshape(added, (-1, units)), slots), axis=1)


def _long_sum(units: Any, kernel: Any, places: tuple[int, int, int]) -> Any:
    """The one long sum that all answers share, in float64 over short sums in float32."""
    import tensorflow as tf

    parts = places[0] * places[1] if units.shape[1] == math.prod(places) else 1
    kernel = tf.reshape(kernel, (parts, -1, kernel.shape[1]))
    sums = tf.matmul(tf.reshape(units, (parts, 1, -1)), kernel)
    return tf.reduce_sum(tf.cast(sums, tf.float64), axis=0)


def _tail(chain: Chain, units: Any) -> Any:
    """The layers behind the first dense layer, in float64: they are few and small."""
    import keras
    import tensorflow as tf

    def exact(values: Any) -> Any:
        return tf.cast(values, tf.float64)

    units = chain.dense.activation(units)
    for layer in chain.tail:
        if isinstance(layer, keras.layers.Dense):
            units = tf.matmul(units, exact(layer.kernel))
            units = layer.activation(units + exact(layer.bias) if layer.use_bias else units)
        elif isinstance(layer, keras.layers.BatchNormalization):
            units = (units - exact(layer.moving_mean)) * exact(factor(layer))
            units = units + exact(layer.beta) if layer.center else units
        else:
            units = layer.call(units)
    return tf.cast(units, tf.float32)
