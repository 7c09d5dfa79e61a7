"""The networks that read the Sign Language Digits: builders, and their rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cnn_core.augmentation import Augmentation
from cnn_core.models.cifar import course_cnn
from cnn_core.models.spec import ModelSpec, TrainingConfig

if TYPE_CHECKING:
    import keras

_SHAPE = (64, 64, 1)
_signs = partial(
    ModelSpec, dataset="sign_digits", input_shape=_SHAPE, source="The CNN course notebook"
)


def _course_fc() -> keras.Model:
    from keras import Input, Model, layers

    inputs = Input(_SHAPE, name="image")
    x = layers.Flatten(name="flatten")(inputs)
    for i in (1, 2):
        x = layers.Dense(512, activation="relu", name=f"dense{i}")(x)
        x = layers.Dropout(0.2, name=f"dropout{i}")(x)
    return Model(inputs, layers.Dense(10, name="logits")(x), name="course_fc")


ROWS = (
    _signs(
        name="course_fc",
        title="Course network, dense",
        description="Two dense layers on 4,096 pixels, without any convolution.",
        num_parameters=2_365_450,
        published_accuracy=0.7748,
        training=TrainingConfig(
            batch_size=64,
            epochs=100,
            learning_rate=4e-4,
            validation_images=165,
            schedule="cosine",
            departures="A hundred epochs in batches of 64 instead of 50 in batches of 128, and "
            "Adam from 0.0004: at 0.001 its units die here, and after 50 epochs the validation "
            "accuracy was still rising. The rate falls along a cosine.",
        ),
        build=_course_fc,
    ),
    _signs(
        name="course_cnn",
        compare_with="course_fc",
        title="Course network, signs",
        description="Four convolutions and a wide dense layer, on hands that show digits.",
        num_parameters=4_970_122,
        published_accuracy=0.9225,
        training=TrainingConfig(
            batch_size=32,
            epochs=25,
            learning_rate=1e-3,
            validation_images=165,
            schedule="cosine",
            augmentation=Augmentation(rotation=10, shift=0.05, zoom=0.1),
            departures="25 epochs in batches of 32 instead of 10 in batches of 128, on turned, "
            "shifted and zoomed images: 165 of the 1,649 are held back for validation, and 10 "
            "epochs are only 120 steps. The rate falls along a cosine.",
        ),
        build=lambda: course_cnn("course_cnn", _SHAPE),
    ),
)
