"""Layers that Keras does not have. The one module that imports Keras at once: a layer is a class.

Builders import it when they are called, never before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops, saving

# Which maps of S2 (columns) each map of C3 (rows) looks at: table I of the paper.
LENET_CONNECTIONS = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


@saving.register_keras_serializable("cnn_lens")
class PartialConv2D(layers.Conv2D):
    """A convolution whose filters each look at some of the input channels only.

    Only the weights that exist are stored: one kernel for each connection of an input channel to
    a filter. LeNet-5's C3 has 60 connections of 5x5 and 16 biases, 1,516 parameters instead of
    2,416.

    Reference: Yann LeCun, Leon Bottou, Yoshua Bengio and Patrick Haffner, "Gradient-Based Learning
    Applied to Document Recognition", 1998, https://doi.org/10.1109/5.726791
    """

    def __init__(self, connections: Any, kernel_size: Any, **options: Any) -> None:
        """Take the input channels of each filter, and what Conv2D takes but for `filters`."""
        self.connections = tuple(tuple(channels) for channels in connections)
        options.pop("filters", None)
        super().__init__(len(self.connections), kernel_size, **options)

    def build(self, input_shape: Any) -> None:
        """Make a kernel for each connection, and the biases."""
        channels = input_shape[-1]
        pairs = [(c, f) for f, sources in enumerate(self.connections) for c in sources]
        places = np.zeros((len(pairs), channels * self.filters), np.float32)
        for i, (channel, index) in enumerate(pairs):
            places[i, channel * self.filters + index] = 1
        self._places = places
        self._full_shape = (*self.kernel_size, channels, self.filters)
        self._kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, len(pairs)),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.filters,), initializer=self.bias_initializer
        )
        self.built = True

    @property
    def kernel(self) -> Any:
        """The whole kernel (height, width, channels, filters); 0 where nothing is connected."""
        places = ops.cast(self._places, self._kernel.dtype)
        return ops.reshape(ops.matmul(self._kernel, places), self._full_shape)

    # Conv2D would write the whole kernel, which cannot be read back.
    save_own_variables = layers.Layer.save_own_variables
    load_own_variables = layers.Layer.load_own_variables

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that makes the same layer again."""
        return {**super().get_config(), "connections": self.connections}


@saving.register_keras_serializable("cnn_lens")
class IdentityShortcut(layers.Layer):
    """The shortcut without parameters: every stride-th place, and zeros for the new channels.

    Reference: Kaiming He, Xiangyu Zhang, Shaoqing Ren and Jian Sun, "Deep Residual Learning for
    Image Recognition", 2016, https://arxiv.org/abs/1512.03385 (option A)
    """

    pool_size = (1, 1)
    padding = "valid"

    def __init__(self, filters: int, stride: int, **options: Any) -> None:
        """Take the number of channels and the stride of the block that is gone round."""
        super().__init__(**options)
        self.filters, self.stride = filters, stride
        self.strides = (stride, stride)

    def call(self, inputs: Any) -> Any:
        """Thin out the places and add empty channels."""
        thinned = inputs[:, :: self.stride, :: self.stride]
        return ops.pad(thinned, [[0, 0]] * 3 + [[0, self.filters - inputs.shape[-1]]])

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """(n, rows, columns, filters)."""
        batch, *sides, _ = input_shape
        return (batch, *(-(-side // self.stride) for side in sides), self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration that makes the same layer again."""
        return {**super().get_config(), "filters": self.filters, "stride": self.stride}


@saving.register_keras_serializable("cnn_lens")
class LocalResponseNormalization(layers.Layer):
    """Divide each activation by what its neighbouring channels sum up to, squared.

    Reference: Alex Krizhevsky, Ilya Sutskever and Geoffrey Hinton, "ImageNet Classification with
    Deep Convolutional Neural Networks", 2012, section 3.3
    """

    def call(self, inputs: Any) -> Any:
        """Normalise by the paper's constants: n = 5, k = 2, alpha = 1e-4, beta = .75."""
        channels = inputs.shape[-1]
        squares = ops.pad(ops.square(inputs), [[0, 0]] * 3 + [[2, 2]])
        sums = sum(squares[..., i : i + channels] for i in range(5))
        return inputs / (2 + 1e-4 * sums) ** 0.75

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As the input."""
        return input_shape
