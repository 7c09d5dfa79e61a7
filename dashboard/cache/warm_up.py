"""The results that the first visitor would otherwise wait for."""

from __future__ import annotations

from cnn_core import models
from dashboard.cache import activations, pictures
from dashboard.cache.compiling import wait_until_compiled
from dashboard.cache.explanations import prediction


def warm_up() -> None:
    """Compile what the first visitor would wait for, on the first network and one digit."""
    model_name = next(iter(models.MODELS))
    wait_until_compiled(model_name)
    digit = pictures.split(models.get(model_name).dataset, "test").images[0]
    prediction(model_name, digit)
    activations.feature_maps(model_name, digit)
