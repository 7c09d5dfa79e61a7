"""One picture through a chain, whole; and blocks of changes to it, each at its own place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from cnn_core.attribution.occlusion.intervals import PaddingPlan
from cnn_core.attribution.occlusion.layer_chain import Chain, Pair, Stage, Step
from cnn_core.attribution.occlusion.schedule import (
    BEGIN,
    BLOCK_START,
    END,
    FIRST,
    HEIGHT,
    PADDING_PLAN,
    PITCH,
    ROW,
    SIZE,
    WIDTH,
    PaddingPlans,
)

_LOWEST = float(np.finfo(np.float32).min)
# What these make of a change does not depend on what was there before.
_LINEAR = {"conv", "average", "pad", "scale"}


class Propagation:
    """One way through a chain: of the whole picture first, then of changes to it.

    Attributes:
        maps: (1, height, width, channels), the picture and what each step makes of it.
        bounds: For the number of each step that is a relu, the relu_bounds of its map.
        kernels: Factor of a change for the number of each convolution.
    """

    def __init__(self, chain: Chain, image: Any) -> None:

        self.chain = chain
        self.maps = [image[None]]
        for step in chain.steps:
            self.maps.append(_whole(step, self.maps[-1]))
        self.bounds = {
            i: relu_bounds(self.maps[i]) for i, step in enumerate(chain.steps) if step.is_relu
        }
        self.kernels = {
            stage.first + i: _kernel(stage.steps, i)
            for stage in chain.stages
            for i, step in enumerate(stage.steps)
            if step.kind == "conv"
        }

    def passed(
        self, stage: Stage, padding_plans: PaddingPlans, table: Any, places: Any, chunks: Any
    ) -> Any:
        """Return the change behind a stage.

        Args:
            stage: Stage of the chain.
            padding_plans: PaddingPlans of the stage.
            table: (rows, channels) what changed before it; the last row is 0.
            places: Places of a StagePlan.
            chunks: Chunks of a StagePlan.

        Returns:
            (rows, channels) the places of the blocks in their order, and a row of 0 behind them;
            behind the last stage of a chain that ends in a mean, the sum over each block.
        """
        import tensorflow as tf

        is_summed = self.chain.ending == "mean" and stage is self.chain.stages[-1]
        channels = stage.shapes[-1][2]
        pairs = list(product(padding_plans.down, padding_plans.across))

        def one(i: Any, rows: Any) -> tuple[Any, Any]:
            chunk = places[chunks[i, BEGIN] : chunks[i, END]]
            block = _placed(table, chunk, chunks[i, HEIGHT], chunks[i, WIDTH])
            starts = (chunk[:1] if padding_plans.is_fixed else chunk)[:, BLOCK_START:]
            block, starts = self._stage(stage, pairs, chunks[i, PADDING_PLAN], block, starts)
            if is_summed:
                if _sticks_out(pairs, -1):
                    block *= _is_in_map(stage.shapes[-1], block, starts)
                block = tf.reduce_sum(block, axis=(1, 2))
            return i + 1, rows.write(i, tf.reshape(block, (-1, channels)))

        number = tf.shape(chunks)[0]
        rows = tf.TensorArray(
            tf.float32, number + 1, infer_shape=False, element_shape=(None, channels)
        )
        rows = rows.write(number, tf.zeros((1, channels)))
        _, rows = tf.while_loop(
            lambda i, _: i < number, one, (tf.constant(0), rows), parallel_iterations=2
        )
        return rows.concat()

    def _stage(
        self,
        stage: Stage,
        pairs: list[tuple[PaddingPlan, PaddingPlan]],
        pair: Any,
        block: Any,
        starts: Any,
    ) -> tuple[Any, Any]:
        """Compute the change behind a stage, and where the change begins."""
        import tensorflow as tf

        # Outside of the map stands what does not matter, unless a block is clean: all 0 there.
        is_change, is_clean = True, True
        for i, step in enumerate(stage.steps):
            at, shape = stage.first + i, stage.shapes[i]
            is_relu = step.is_relu and is_change
            if (step.kind in _LINEAR) != is_change and step.kind != "sign" and not is_relu:
                base = _looked_up(self.maps[at], block, starts)
                block = block + base if is_change else block - base
                is_change, is_clean = not is_change, False
            if step.is_padded and not is_clean and _sticks_out(pairs, i):
                is_in = _is_in_map(shape, block, starts)
                block = block * is_in if is_change else tf.where(is_in > 0, block, _LOWEST)
                is_clean = True
            if step.kind == "conv":
                pads = [[padding_plan.pads[i] for padding_plan in both] for both in pairs]
                block = _changed(step, self.kernels[at], block, pads, pair)
                starts -= tf.gather([[pad[0] for pad in both] for both in pads], pair)
            elif step.kind == "average":
                block = tf.nn.avg_pool2d(block, step.kernel, step.stride, "VALID")
            elif step.kind == "max":
                block = _pooled(step, block)
            elif step.kind in ("scale", "sign") and not _is_in_kernel(stage.steps, i):
                block *= factor(step)
            elif is_relu:
                low, high = (_looked_up(bound, block, starts) for bound in self.bounds[at])
                block = tf.maximum(block + low, high)
            elif step.kind == "activation":
                block = _whole(step, block)
            is_clean = is_clean and step.kind in ("average", "pad", "scale", "sign")
            starts = (starts + step.before) // step.stride
        if not is_change:
            block -= _looked_up(self.maps[stage.first + len(stage.steps)], block, starts)
        return block, starts


def relu_bounds(base: Any) -> tuple[Any, Any]:
    """Return low, high of relu(base + change) - relu(base) = max(change + low, high)."""
    import tensorflow as tf

    return tf.minimum(base, 0.0), -tf.maximum(base, 0.0)


def _sticks_out(pairs: list[tuple[PaddingPlan, PaddingPlan]], i: int) -> bool:
    return any(padding_plan.sticks_out[i] for pair in pairs for padding_plan in pair)


def _placed(table: Any, places: Any, height: Any, width: Any) -> Any:
    """(n, height, width, channels) blocks of changes from a table: 0 outside of what changed."""
    import tensorflow as tf

    down, across = (
        places[:, BLOCK_START + axis, None] - places[:, FIRST + axis, None] + tf.range(size)
        for axis, size in enumerate((height, width))
    )
    is_in = [
        (along >= 0) & (along < places[:, SIZE + axis, None])
        for axis, along in enumerate((down, across))
    ]
    at = (places[:, ROW, None] + down * places[:, PITCH, None])[:, :, None] + across[:, None, :]
    is_in_both = is_in[0][:, :, None] & is_in[1][:, None, :]
    return tf.gather(table, tf.where(is_in_both, at, tf.shape(table)[0] - 1))


def _is_in_map(shape: tuple[int, ...], block: Any, starts: Any) -> Any:
    """(n, rows, columns, 1): 1 for places of a block that the map has, 0 for others."""
    import tensorflow as tf

    rows, columns = _places(starts, block)
    is_in = (rows >= 0) & (rows < shape[0]), (columns >= 0) & (columns < shape[1])
    both = is_in[0][:, :, None] & is_in[1][:, None, :]
    return tf.cast(both[..., None], tf.float32)


def _looked_up(values: Any, block: Any, starts: Any) -> Any:
    """Look up a map at the places of a block; places outside hold what does not matter."""
    import tensorflow as tf

    _, height, width, channels = values.shape
    rows, columns = _places(starts, block)
    rows = tf.clip_by_value(rows, 0, height - 1)
    columns = tf.clip_by_value(columns, 0, width - 1)
    at = rows[:, :, None] * width + columns[:, None, :]
    return tf.gather(tf.reshape(values, (-1, channels)), at)


def _places(starts: Any, block: Any) -> tuple[Any, Any]:
    """Return rows (n, height) and columns (n, width) of blocks that begin at starts (n, 2)."""
    import tensorflow as tf

    size = tf.shape(block)
    rows, columns = (starts[:, axis, None] + tf.range(size[1 + axis]) for axis in (0, 1))
    return rows, columns


def _whole(step: Step, values: Any) -> Any:
    """Apply one step to whole maps, or to a block where each place is on its own."""
    import tensorflow as tf

    if step.kind == "conv":
        pads = list(zip(step.before, step.after, strict=True))
        values = _convolved(step, tf.convert_to_tensor(step.layer.kernel), values, pads)
        values = values + step.layer.bias if step.layer.use_bias else values
        return values if step.norm is None else _whole(step.norm, values)
    if step.kind == "sign":
        return values * factor(step)
    if step.kind == "pad":
        pads = list(zip(step.before, step.after, strict=True))
        return tf.pad(values, [(0, 0), *pads, (0, 0)])
    if step.kind == "max":
        return _pooled(step, values, step.layer.padding.upper())
    if step.kind == "average":
        return tf.nn.avg_pool2d(values, step.kernel, step.stride, "VALID")
    if step.is_inside_layer:
        return step.layer.activation(values)
    return step.layer(values, **({"training": False} if step.kind == "scale" else {}))


def _pooled(step: Step, values: Any, padding: str = "VALID") -> Any:
    import tensorflow as tf

    return tf.nn.max_pool2d(values, step.kernel, step.stride, padding)


def _convolved(step: Step, kernel: Any, values: Any, pads: Sequence[Pair]) -> Any:
    import tensorflow as tf

    return tf.nn.conv2d(
        values,
        kernel,
        step.stride,
        [(0, 0), *pads, (0, 0)],
        dilations=step.layer.dilation_rate,
    )


def _is_in_kernel(steps: Sequence[Step], i: int) -> bool:
    """Return True if a step scales the input of a convolution right behind the step."""
    return steps[i].kind == "scale" and i + 1 < len(steps) and steps[i + 1].kind == "conv"


def _kernel(steps: Sequence[Step], i: int) -> Any:
    """Return the kernel for a change, and the scale of the change around that kernel."""
    import tensorflow as tf

    step, kernel = steps[i], tf.convert_to_tensor(steps[i].layer.kernel)
    if i and _is_in_kernel(steps, i - 1):
        kernel *= tf.reshape(factor(steps[i - 1]), (-1, 1))
    return kernel if step.norm is None else kernel * factor(step.norm)


def _changed(step: Step, kernel: Any, change: Any, pads: list[list[Pair]], number: Any) -> Any:
    """Convolve a change that is padded by one of `pads`."""
    import tensorflow as tf

    # The padding is a constant of a convolution, which leaves the products with it out.
    kinds = list(dict.fromkeys(map(tuple, pads)))
    if len(kinds) == 1:
        return _convolved(step, kernel, change, kinds[0])
    ways = [partial(_convolved, step, kernel, change, kind) for kind in kinds]
    return tf.switch_case(tf.gather([kinds.index(tuple(both)) for both in pads], number), ways)


def factor(step: Step) -> Any:
    """Return the factor by which a step of kind "scale" or "sign" multiplies a change."""
    import tensorflow as tf

    found = tf.cast(factor_of(step.layer), tf.float32)
    return found if step.kind == "scale" else tf.where(found < 0, -1.0, 1.0)


def factor_of(layer: Any) -> Any:
    """Return the factor of a batch normalisation or a rescaling for a change, in float64."""
    import keras
    import tensorflow as tf

    if isinstance(layer, keras.layers.Rescaling):
        return tf.constant(layer.scale, tf.float64)
    factor = tf.math.rsqrt(tf.cast(layer.moving_variance, tf.float64) + layer.epsilon)
    return factor * tf.cast(layer.gamma, tf.float64) if layer.scale else factor
