"""One picture through a chain, whole; and blocks of changes to it, each at its own place."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnn_core.attribution.chain import Chain, Step
from cnn_core.attribution.reach import Move

_LOWEST = float(np.finfo(np.float32).min)


class Walk:
    """One way through a chain: of the whole picture first, then of changes to it.

    Attributes:
        maps: (1, height, width, channels), the picture and what each step makes of it.
    """

    def __init__(self, chain: Chain, moves: tuple[Move, ...], image: Any, sizes: Any) -> None:
        self.chain, self.moves, self.sizes = chain, moves, sizes
        self.maps = [image[None]]
        for step in chain.steps:
            self.maps.append(_whole(step, self.maps[-1]))

    def changes(self, change: Any, starts: Any) -> Any:
        """What changes where the places end.

        Args:
            change: (height, width, channels) filling minus picture.
            starts: (n, steps + 1, 2) of the blocks.

        Returns:
            (n, rows, columns, channels) of the last block.
        """
        block, is_change = self._looked_up(change[None], starts[:, 0], 0), True
        for i, (step, move) in enumerate(zip(self.chain.steps, self.moves, strict=True)):
            if step.kind in ("conv", "average", "pad"):
                block = block if is_change else block - self._before(starts, i)
                block = self._linear(step, move, block, starts, i)
                is_change = step.kind != "conv"
            elif step.kind == "scale" and is_change:
                block *= factor(step.layer)
            else:
                block = block + self._before(starts, i) if is_change else block
                if step.kind == "max" and move.way == "crop":
                    block = _pooled(step, self._placed(step, block, starts, i, self.maps[i]))
                else:
                    block = _whole(step, block)
                is_change = False
        return block if is_change else block - self._before(starts, len(self.moves))

    def is_in_map(self, starts: Any, i: int) -> Any:
        """(n, rows, columns, 1): 1 for places of a block that the map has, 0 for others."""
        import tensorflow as tf

        rows, columns = _places(starts, self.sizes[i])
        is_in = (
            (rows >= 0) & (rows < self.maps[i].shape[1]),
            (columns >= 0) & (columns < self.maps[i].shape[2]),
        )
        both = is_in[0][:, :, None] & is_in[1][:, None, :]
        return tf.cast(both[..., None], tf.float32)

    def _linear(self, step: Step, move: Move, block: Any, starts: Any, i: int) -> Any:
        """A convolution gives values, a mean and a padding the change."""
        import tensorflow as tf

        if move.way == "mask":
            block *= self.is_in_map(starts[:, i], i)
        if move.way == "crop":
            block = self._placed(step, block, starts, i, None)
        if step.kind == "pad":
            return block
        if step.kind == "average":
            return tf.nn.avg_pool2d(block, step.kernel, step.stride, "VALID")
        pads = [(0, 0)] * 2
        if move.way == "whole":
            pads = list(zip(step.before, step.after, strict=True))
        elif move.way in ("grow", "mask"):
            pads = [(side - 1, side - 1) for side in step.kernel]
        kernel = step.layer.kernel
        kernel = kernel if step.norm is None else kernel * factor(step.norm)
        moved = _convolved(step, kernel, block, pads)
        # With this bias of zeros the sum below becomes a part of the convolution.
        moved = tf.nn.bias_add(moved, tf.zeros(moved.shape[-1]))
        return tf.add(moved, self._before(starts, i + 1))

    def _before(self, starts: Any, i: int) -> Any:
        """The untouched picture's map number i, at the places of the block."""
        if i and self.moves[i - 1].is_whole:
            return self.maps[i]
        return self._looked_up(self.maps[i], starts[:, i], i)

    def _looked_up(self, values: Any, starts: Any, i: int) -> Any:
        """A map at the places of a block; outside of it stands what does not matter."""
        import tensorflow as tf

        _, height, width, channels = values.shape
        rows, columns = _places(starts, self.sizes[i])
        rows, columns = (
            tf.clip_by_value(rows, 0, height - 1),
            tf.clip_by_value(columns, 0, width - 1),
        )
        at = rows[:, :, None] * width + columns[:, None, :]
        return tf.gather(tf.reshape(values, (-1, channels)), at)

    def _placed(self, step: Step, block: Any, starts: Any, i: int, base: Any | None) -> Any:
        """What the windows of the outputs see: the block, and around it the base, or no change."""
        import tensorflow as tf

        _, height, width, channels = self.maps[i].shape
        count, together = self.sizes[i + 1], tf.shape(starts)[0]
        size = [(count[axis] - 1) * step.stride[axis] + step.kernel[axis] for axis in (0, 1)]
        first = starts[:, i + 1] * tf.constant(step.stride) - tf.constant(step.before)
        rows, columns = _places(first, size)
        in_map = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        down, across = rows - starts[:, i, 0, None], columns - starts[:, i, 1, None]
        high, wide = self.sizes[i, 0], self.sizes[i, 1]
        in_block = (
            in_map[0] & (down >= 0) & (down < high),
            in_map[1] & (across >= 0) & (across < wide),
        )
        number = together * high * wide
        own = tf.range(together)[:, None, None] * (high * wide)
        own += down[:, :, None] * wide + across[:, None, :]
        table = [tf.reshape(block, (-1, channels))]
        if base is None:
            other: Any = number
            table.append(tf.zeros((1, channels)))
        else:
            other = tf.where(
                in_map[0][:, :, None] & in_map[1][:, None, :],
                number + rows[:, :, None] * width + columns[:, None, :],
                number + height * width,
            )
            table += [tf.reshape(base, (-1, channels)), tf.fill((1, channels), _LOWEST)]
        at = tf.where(in_block[0][:, :, None] & in_block[1][:, None, :], own, other)
        return tf.gather(tf.concat(table, 0), at)


def _places(starts: Any, size: Any) -> tuple[Any, Any]:
    """The rows (n, size[0]) and the columns (n, size[1]) of blocks that begin at starts (n, 2)."""
    import tensorflow as tf

    rows, columns = (starts[:, axis, None] + tf.range(size[axis]) for axis in (0, 1))
    return rows, columns


def _whole(step: Step, values: Any) -> Any:
    """One step of whole maps, or of a block where each place is on its own."""
    import tensorflow as tf

    if step.kind == "conv":
        pads = list(zip(step.before, step.after, strict=True))
        values = _convolved(step, step.layer.kernel, values, pads)
        values = values + step.layer.bias if step.layer.use_bias else values
        return values if step.norm is None else step.norm(values, training=False)
    if step.kind == "pad":
        pads = list(zip(step.before, step.after, strict=True))
        return tf.pad(values, [(0, 0), *pads, (0, 0)])
    if step.kind == "max":
        return _pooled(step, values, step.layer.padding.upper())
    if step.kind == "average":
        return tf.nn.avg_pool2d(values, step.kernel, step.stride, "VALID")
    if step.is_activation:
        return step.layer.activation(values)
    return step.layer(values, **({"training": False} if step.kind == "scale" else {}))


def _pooled(step: Step, values: Any, padding: str = "VALID") -> Any:
    import tensorflow as tf

    return tf.nn.max_pool2d(values, step.kernel, step.stride, padding)


def _convolved(step: Step, kernel: Any, values: Any, pads: list[tuple[int, int]]) -> Any:
    import tensorflow as tf

    return tf.nn.conv2d(
        values,
        tf.convert_to_tensor(kernel),
        step.stride,
        [(0, 0), *pads, (0, 0)],
        dilations=step.layer.dilation_rate,
    )


def factor(layer: Any) -> Any:
    """What a step of kind "scale" multiplies a change by."""
    import keras
    import tensorflow as tf

    if isinstance(layer, keras.layers.Rescaling):
        return tf.constant(layer.scale, tf.float32)
    factor = tf.math.rsqrt(layer.moving_variance + layer.epsilon)
    return factor * layer.gamma if layer.scale else factor
