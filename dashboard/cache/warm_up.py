"""The results that the first visitor would otherwise wait for."""

from __future__ import annotations

from collections.abc import Iterable

from cnn_core import models
from dashboard.cache import activations, pictures
from dashboard.cache.compiling import wait_until_compiled
from dashboard.cache.explanations import (
    prediction,
)


def warm_up(then: Iterable[str] = ()) -> None:
    """Compile what the first visitor would wait for, on the first network and one digit.

    Args:
        then: Names of the networks that visitors go on to, where they are trained.
    """
    model_name = next(iter(models.MODELS))
    wait_until_compiled(model_name)
    digit = pictures.split(models.get(model_name).dataset, "test").images[0]
    prediction(model_name, digit)
    activations.feature_maps(model_name, digit)
    for other in filter(models.is_trained, then):
        wait_until_compiled(other)
