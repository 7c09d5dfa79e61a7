"""The classics of ImageNet, exactly as published, to look at; they are not trained here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cnn_core.models.spec import Architecture

if TYPE_CHECKING:
    import keras

_CLASSES = 1000
_classic = partial(Architecture, input_shape=(224, 224, 3))
# GoogLeNet, table 1: the widths of 1x1, 3x3 behind its 1x1, 5x5 behind its 1x1, and after pooling.
_INCEPTIONS: dict[str, tuple[tuple[str, tuple[int, int, int, int, int, int]], ...]] = {
    "3": (("a", (64, 96, 128, 16, 32, 32)), ("b", (128, 128, 192, 32, 96, 64))),
    "4": (
        ("a", (192, 96, 208, 16, 48, 64)),
        ("b", (160, 112, 224, 24, 64, 64)),
        ("c", (128, 128, 256, 24, 64, 64)),
        ("d", (112, 144, 288, 32, 64, 64)),
        ("e", (256, 160, 320, 32, 128, 128)),
    ),
    "5": (("a", (256, 160, 320, 32, 128, 128)), ("b", (384, 192, 384, 48, 128, 128))),
}


def _alexnet() -> keras.Model:
    from keras import Input, Model, layers

    from cnn_core.models.layers import LocalResponseNormalization

    inputs = Input((227, 227, 3), name="image")
    x = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(inputs)
    x = LocalResponseNormalization(name="norm1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    # The two halves of the paper, one on each of its two GPUs, are groups here.
    x = layers.Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv2")(x)
    x = LocalResponseNormalization(name="norm2")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv4")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv5")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)
    x = layers.Flatten(name="flatten")(x)
    for i in (6, 7):
        x = layers.Dense(4096, activation="relu", name=f"dense{i}")(x)
        x = layers.Dropout(0.5, name=f"dropout{i}")(x)
    return Model(inputs, layers.Dense(_CLASSES, name="logits")(x), name="alexnet")


def _vgg16() -> keras.Model:
    from keras import Input, Model, layers

    inputs = Input((224, 224, 3), name="image")
    x = inputs
    for block, (count, filters) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 1):
        for i in range(1, count + 1):
            x = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"conv{block}_{i}"
            )(x)
        x = layers.MaxPooling2D(2, name=f"pool{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    for i in (1, 2):
        x = layers.Dense(4096, activation="relu", name=f"dense{i}")(x)
        x = layers.Dropout(0.5, name=f"dropout{i}")(x)
    return Model(inputs, layers.Dense(_CLASSES, name="logits")(x), name="vgg16")


def _googlenet() -> keras.Model:
    from keras import Input, Model, layers

    from cnn_core.models.layers import LocalResponseNormalization

    def convolution(x: Any, filters: int, kernel: int, name: str, stride: int = 1) -> Any:
        return layers.Conv2D(
            filters, kernel, strides=stride, padding="same", activation="relu", name=name
        )(x)

    def pool(x: Any, name: str, stride: int = 2) -> Any:
        return layers.MaxPooling2D(3, strides=stride, padding="same", name=name)(x)

    inputs = Input((224, 224, 3), name="image")
    x = pool(convolution(inputs, 64, 7, "conv1", stride=2), "pool1")
    x = LocalResponseNormalization(name="norm1")(x)
    x = convolution(convolution(x, 64, 1, "conv2_reduce"), 192, 3, "conv2")
    x = pool(LocalResponseNormalization(name="norm2")(x), "pool2")
    for stage, blocks in _INCEPTIONS.items():
        for letter, (one, reduce3, three, reduce5, five, projected) in blocks:
            at = f"inception{stage}{letter}"
            ways = [
                convolution(x, one, 1, f"{at}_1x1"),
                convolution(convolution(x, reduce3, 1, f"{at}_reduce3"), three, 3, f"{at}_3x3"),
                convolution(convolution(x, reduce5, 1, f"{at}_reduce5"), five, 5, f"{at}_5x5"),
                convolution(pool(x, f"{at}_pool", stride=1), projected, 1, f"{at}_project"),
            ]
            x = layers.Concatenate(name=at)(ways)
        if stage != "5":
            x = pool(x, f"pool{stage}")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    return Model(inputs, layers.Dense(_CLASSES, name="logits")(x), name="googlenet")


def _resnet34(name: str, *, has_shortcuts: bool) -> keras.Model:
    from keras import Input, Model, layers

    from cnn_core.models.layers import IdentityShortcut

    def convolution(x: Any, filters: int, kernel: int, stride: int, name: str) -> Any:
        x = layers.Conv2D(
            filters, kernel, strides=stride, padding="same", use_bias=False, name=name
        )(x)
        return layers.BatchNormalization(name=f"{name}_norm")(x)

    inputs = Input((224, 224, 3), name="image")
    x = layers.ReLU(name="conv1_relu")(convolution(inputs, 64, 7, 2, "conv1"))
    x = layers.MaxPooling2D(3, strides=2, padding="same", name="pool1")(x)
    for stage, (count, filters) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 2):
        for i in range(1, count + 1):
            at = f"stage{stage}_{i}"
            stride = 2 if stage > 2 and i == 1 else 1
            shortcut = x
            if has_shortcuts and stride > 1:
                shortcut = IdentityShortcut(filters, stride, name=f"{at}_shortcut")(x)
            x = layers.ReLU(name=f"{at}_relu1")(convolution(x, filters, 3, stride, f"{at}_conv1"))
            x = convolution(x, filters, 3, 1, f"{at}_conv2")
            if has_shortcuts:
                x = layers.Add(name=f"{at}_add")([x, shortcut])
            x = layers.ReLU(name=f"{at}_relu2")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return Model(inputs, layers.Dense(_CLASSES, name="logits")(x), name=name)


UNTRAINED = (
    _classic(
        name="alexnet",
        title="AlexNet",
        description="Large first windows with large steps, overlapping pooling and dropout: the "
        "network that made deep learning famous in 2012.",
        source="Krizhevsky, Sutskever and Hinton, 2012",
        input_shape=(227, 227, 3),
        num_parameters=60_965_224,
        build=_alexnet,
    ),
    _classic(
        name="vgg16",
        title="VGG-16",
        description="Nothing but 3×3 convolutions and 2×2 poolings, sixteen weighted layers deep.",
        source="Simonyan and Zisserman, 2014",
        num_parameters=138_357_544,
        build=_vgg16,
    ),
    _classic(
        name="googlenet",
        title="GoogLeNet",
        description="Nine Inception blocks with 1×1 bottlenecks; without the two side exits that "
        "only training needs.",
        source="Szegedy and others, 2014",
        num_parameters=6_998_552,
        build=_googlenet,
    ),
    _classic(
        name="resnet34",
        title="ResNet-34",
        description="Thirty-four layers with identity shortcuts, which have no parameters.",
        source="He, Zhang, Ren and Sun, 2015",
        num_parameters=21_639_080,
        build=lambda: _resnet34("resnet34", has_shortcuts=True),
    ),
    _classic(
        name="plain34",
        title="Plain 34",
        description="ResNet-34 without its shortcuts: the same layers and parameters.",
        source="He, Zhang, Ren and Sun, 2015",
        num_parameters=21_639_080,
        build=lambda: _resnet34("plain34", has_shortcuts=False),
    ),
)
