"""The current picture's way through the network at a glance, on the first page."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from markupsafe import Markup

from cnn_core import models
from dashboard import cache, session, tensorflow_loader
from dashboard.figures import colours, html
from dashboard.figures.pictures import as_picture
from dashboard.frame import picture_gallery, sidebar
from dashboard.session import CurrentImage

UNITS = "Units of {layer}"


def show(image: CurrentImage) -> None:
    """Show the picture's way through the network: input, feature maps, probabilities."""
    width = picture_gallery.crisp_width(160)
    stages = [
        (
            "Input",
            html.picture(as_picture(image.pixels), width=width, description="input"),
        )
    ]
    if tensorflow_loader.is_ready():
        stages += _inner_stages(cache.feature_maps(session.model_name(), image.pixels))
    else:
        stages += [("Feature maps", html.loading()), ("", Markup())]
    answer = sidebar.current_answer()
    names = models.get(session.model_name()).class_names
    bars = Markup() if answer is None else html.probability_bars(names, answer, marked=image.label)
    stages.append(("Probability of each class", bars))
    section = Markup("<section><h3>{}</h3>{}</section>")
    st.html(
        Markup('<div class="cl-flow">{}</div>').format(
            Markup().join(section.format(title, body) for title, body in stages)
        )
    )


def _inner_stages(maps: dict[str, np.ndarray]) -> list[tuple[str, Markup]]:
    """Return the first and the last convolution with places; units where there are none."""
    model_name = session.model_name()
    weighted = {described.layer for described in cache.weight_statistics(model_name)}
    wide = [layer for layer in cache.layer_names(model_name)[0] if max(maps[layer].shape[:2]) > 1]
    stages = [
        (f"Strongest maps of {layer}", _strongest(maps[layer]))
        for layer in dict.fromkeys(wide[:1] + wide[-1:])
    ]
    stages += [
        (UNITS.format(layer=layer), _units(maps[layer]))
        for layer in maps
        if maps[layer].ndim == 1 and layer in weighted
    ]
    return stages[:2]


def _units(values: np.ndarray) -> Markup:
    """Draw the outputs (units,) of a dense layer, row by row, as one small picture."""
    side = math.ceil(math.sqrt(len(values)))
    square = np.zeros(side * side)
    square[: len(values)] = values
    coloured = colours.colourise(
        square.reshape(side, side), is_signed=False, limit=colours.limit_of(values.clip(0))
    )
    return html.picture(coloured, width=side * max(1, 140 // side), description="units")


def _strongest(maps: np.ndarray, count: int = 9) -> Markup:
    """Draw the feature maps (height, width, channels) with the largest mean, on one scale."""
    channels = np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:count]
    limit = colours.limit_of(maps.clip(0))
    pictures = (
        html.picture(
            colours.colourise(maps[..., channel], is_signed=False, limit=limit),
            width=80,
            description=f"feature map {channel}",
        )
        for channel in channels
    )
    return Markup('<div class="cl-maps">{}</div>').format(Markup().join(pictures))
