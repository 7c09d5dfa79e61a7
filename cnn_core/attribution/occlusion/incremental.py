"""The answers to many edits of one picture, from what each edit can reach alone.

For each edit only a block of every feature map changes. The network is cut into stages, each up to
a step that is strided; in front of a stage the blocks are sorted so that those which lie alike over
its windows go together. Its steps are linear or act on each place alone, so the change of a block
goes through a convolution without its surroundings, what was there before is added where a step
bends, and the first dense layer takes only the units that changed. Nothing is left out: the numbers
are those of the whole network but for rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from cnn_core import inference
from cnn_core.attribution.occlusion.dense_layer import sharing
from cnn_core.attribution.occlusion.layer_chain import Chain, chain_of
from cnn_core.attribution.occlusion.propagation import Propagation, factor_of, relu_bounds
from cnn_core.attribution.occlusion.schedule import (
    NUM_CHUNK_COLUMNS,
    NUM_PLACE_COLUMNS,
    PaddingPlans,
    schedule,
)
from cnn_core.model_cache import cached_per_model

if TYPE_CHECKING:
    import keras
    import numpy as np


def covered_logits(
    model: keras.Model,
    image: np.ndarray,
    filling: np.ndarray,
    starts: np.ndarray,
    patch_size: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the logits with a patch at each position, from what each patch can reach.

    Args:
        model: A network that chain_of can read.
        image: (height, width, channels) float32 in [0, 1].
        filling: (height, width, channels) float32, what shows inside the patch.
        starts: (n, 2) the first row and column of each position, at least one.
        patch_size: Side of the patch in pixels.

    Returns:
        The logits (classes,) of the untouched image, and those (n, classes) of all positions.
    """
    chain = chain_of(model)
    if isinstance(chain, str):
        raise ValueError(f"Expected a chain of layers. Received: {model.name}, since {chain}")
    import tensorflow as tf

    found = schedule(chain, starts, patch_size)
    shared = sharing(chain, found.ends, found.num_rows)
    answer = _traced(model, tuple(stage_plan.padding_plans for stage_plan in found.stage_plans))
    stage_plans = [
        part for stage_plan in found.stage_plans for part in (stage_plan.places, stage_plan.chunks)
    ]
    base, logits = answer(*map(tf.constant, (image, filling - image, *shared, *stage_plans)))
    return inference.check_finite(base.numpy()[0]), inference.check_finite(logits.numpy())


@cached_per_model(max_entries=64)
def _traced(
    model: keras.Model, padding_plans: tuple[PaddingPlans, ...]
) -> Callable[..., tuple[Any, Any]]:
    import tensorflow as tf

    chain: Any = chain_of(model)
    picture = tf.TensorSpec(chain.input_shape, tf.float32)
    shared = tf.TensorSpec((None, None, None), tf.int32), tf.TensorSpec((None, None), tf.int32)
    stage_plan = (
        tf.TensorSpec((None, NUM_PLACE_COLUMNS), tf.int32),
        tf.TensorSpec((None, NUM_CHUNK_COLUMNS), tf.int32),
    )

    @tf.function(
        input_signature=[picture, picture, *shared, *(stage_plan * len(padding_plans))],
        autograph=False,
    )
    def answer(
        image: Any, change: Any, cells: Any, slots: Any, *stage_plans: Any
    ) -> tuple[Any, Any]:
        propagation = Propagation(chain, image)
        table = _with_a_row_of_zeros(change)
        for i, (stage, of_stage) in enumerate(zip(chain.stages, padding_plans, strict=True)):
            table = propagation.passed(stage, of_stage, table, *stage_plans[2 * i : 2 * i + 2])
        base = propagation.maps[-1]
        if chain.ending == "mean":
            moved = tf.matmul(table[:-1], chain.dense.kernel) / (chain.places[0] * chain.places[1])
            base, moved = tf.reduce_mean(base, axis=(1, 2)), tf.gather(moved, slots[:, 0])
        else:
            base, moved = _flat(chain, base, table, cells, slots)
        before = _long_sum(base, chain.dense.kernel, chain.places)
        if chain.dense.use_bias:
            before += tf.cast(chain.dense.bias, tf.float64)
        before, moved = _tail(chain, before, moved)
        after = before + tf.cast(moved, tf.float64)
        return tf.cast(before, tf.float32), tf.cast(after, tf.float32)

    # Called as it is: tf.function would look at all arguments anew.
    return cast(Callable[..., tuple[Any, Any]], answer.get_concrete_function())


def _with_a_row_of_zeros(places: Any) -> Any:
    import tensorflow as tf

    channels = places.shape[-1]
    return tf.concat([tf.reshape(places, (-1, channels)), tf.zeros((1, channels))], 0)


def _flat(chain: Chain, base: Any, table: Any, cells: Any, slots: Any) -> tuple[Any, Any]:
    """Compute the flattened base, and what changed units add to the first dense layer."""
    import tensorflow as tf

    base = tf.reshape(base, (1, -1))
    kernel = tf.convert_to_tensor(chain.dense.kernel)
    for layer in chain.scales:
        base = layer(base, training=False)
    for layer in reversed(chain.scales):
        kernel *= tf.cast(factor_of(layer)[:, None], tf.float32)
    groups, width = tf.shape(cells)[0], tf.shape(cells)[2]
    channels, units = chain.places[2], kernel.shape[1]
    taken = tf.reshape(tf.gather(table, cells), (groups, -1, width * channels))
    added = tf.matmul(taken, tf.reshape(kernel, (groups, width * channels, units)))
    added = tf.gather(tf.reshape(added, (-1, units)), slots)
    return base, tf.reduce_sum(added, axis=1)


def _long_sum(units: Any, kernel: Any, places: tuple[int, int, int]) -> Any:
    """Compute the one long sum that all positions share, in float64 over short sums in float32."""
    import tensorflow as tf

    parts = places[0] * places[1] if units.shape[1] == math.prod(places) else 1
    kernel = tf.reshape(kernel, (parts, -1, kernel.shape[1]))
    sums = tf.matmul(tf.reshape(units, (parts, 1, -1)), kernel)
    return tf.reduce_sum(tf.cast(sums, tf.float64), axis=0)


def _tail(chain: Chain, base: Any, change: Any) -> tuple[Any, Any]:
    """Compute the base, in float64, and all changes after the first dense sums."""
    import keras
    import tensorflow as tf

    def exact(values: Any) -> Any:
        return tf.cast(values, tf.float64)

    base, change = _activated(chain.dense.activation, base, change)
    for layer in chain.tail:
        if isinstance(layer, keras.layers.Dense):
            base = tf.matmul(base, exact(layer.kernel))
            base = base + exact(layer.bias) if layer.use_bias else base
            base, change = _activated(layer.activation, base, tf.matmul(change, layer.kernel))
        elif isinstance(layer, keras.layers.BatchNormalization):
            factor = factor_of(layer)
            base = (base - exact(layer.moving_mean)) * factor
            base = base + exact(layer.beta) if layer.center else base
            change *= tf.cast(factor, tf.float32)
        else:
            base, change = _activated(layer.call, base, change)
    return base, change


def _activated(activation: Any, base: Any, change: Any) -> tuple[Any, Any]:
    """Apply an activation to the base and to the base plus the change."""
    import keras
    import tensorflow as tf

    if activation is keras.activations.linear:
        return base, change
    if activation is keras.activations.relu:
        low, high = (tf.cast(bound, tf.float32) for bound in relu_bounds(base))
        return tf.nn.relu(base), tf.maximum(change + low, high)
    bent = activation(base)
    return bent, tf.cast(activation(base + tf.cast(change, tf.float64)) - bent, tf.float32)
