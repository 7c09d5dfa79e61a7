"""The parts of the Neuron page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from dashboard import cache, navigation, session
from dashboard.app_pages.neuron import cached, charts, text
from dashboard.figures import colours, html, numbers
from dashboard.figures.pictures import as_picture
from dashboard.figures.text import plain
from dashboard.frame import job_progress
from dashboard.frame.charts import show_chart
from dashboard.session import CurrentImage
from dashboard.widgets.linked_map import ColouredMap, Windows, linked_map
from dashboard.widgets.tiles import tiles


@dataclass(frozen=True)
class ChosenNeuron:
    """The neuron that the page is about.

    Attributes:
        model: Its network's name.
        layer: Its layer.
        channel: Channel of the layer.
        is_map: True if the neuron has a map, with places; else the neuron is a unit with one
            number.
    """

    model: str
    layer: str
    channel: int
    is_map: bool

    @property
    def noun(self) -> str:
        """Word for the neuron."""
        return "channel" if self.is_map else "unit"

    @property
    def arguments(self) -> tuple[str, str, int]:
        """Arguments that the caches take."""
        return self.model, self.layer, self.channel

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the network's classes."""
        return models.get(self.model).class_names


def show_weights(neuron: ChosenNeuron) -> None:
    """Show the weights that make the neuron, as one picture."""
    st.subheader(text.WEIGHTS, anchor=False)
    found = cached.kernel(*neuron.arguments)
    if found is None:
        st.info(
            "This layer has no weights of its own, and what it passes on is a channel of the "
            "picture itself or the sum of several maps."
        )
        return
    height, width, channels = found.weights.shape
    picture = charts.weights(found.weights)
    scale = max(1, min(260 // max(picture.shape[:2]), 40))
    limit = colours.limit_of(found.weights)
    st.html(
        html.picture(picture, width=picture.shape[1] * scale, description=text.WEIGHTS_IMAGE)
        + html.scale_of(limit, is_signed=True, unit="weight")
    )
    if height == 1 and channels == 1:
        laid = text.UNIT_WEIGHTS.format(count=width, source=plain(found.sources[0]))
    else:
        on = text.SEVERAL_CHANNELS.format(count=channels) if channels > 1 else text.ONE_CHANNEL
        laid = text.KERNEL.format(height=height, width=width, channels=on)
        if channels == models.get(neuron.model).input_shape[-1] == 3:
            laid += ": red, green and blue"
    stems = "" if found.layer == neuron.layer else f" They stand in {plain(found.layer)}, whose "
    stems += f"{neuron.noun} {found.channel} it passes on." if stems else ""
    st.caption(
        f"{laid}, and {numbers.signed(found.bias, 3)} is added. Red lets the neuron react, blue "
        f"holds it back.{stems}"
    )


def show_activation(neuron: ChosenNeuron, image: CurrentImage) -> None:
    """Show the neuron's map, or its one number, for the current picture and for the original."""
    st.subheader(text.ON_CURRENT.format(noun=image.noun), anchor=False)
    now, before = (
        cache.feature_maps(neuron.model, pixels)[neuron.layer][..., neuron.channel]
        for pixels in (image.pixels, image.original)
    )
    if not neuron.is_map:
        cells = [(f"{float(now):.2f}", f"activation on {image.name}")]
        if image.is_edited:
            cells.append((f"{float(before):.2f}", "before the edit"))
        st.html(html.facts(cells))
    elif image.is_edited:
        _show_change(now, before)
    else:
        _show_map(neuron, image, now)
    if not image.is_edited:
        st.page_link(
            navigation.path_of("draw_and_erase"),
            label=f"Edit the {image.noun} to see what changes here",
            icon=":material/ink_eraser:",
        )


def _show_map(neuron: ChosenNeuron, image: CurrentImage, now: np.ndarray) -> None:
    field = cache.receptive_field(neuron.model, neuron.layer)
    is_signed, limit = bool((now < 0).any()), colours.limit_of(now)
    linked_map(
        ColouredMap(
            now,
            colours.colourise(now, is_signed=is_signed, limit=limit),
            title="Its map",
            unit="activation",
            scale=(colours.ramp(is_signed, 32), -limit if is_signed else 0.0, limit),
        ),
        as_picture(image.pixels),
        Windows(field.tops(now.shape[0]), field.lefts(now.shape[1]), field.size),
        image_title=f"Receptive field, {field.size[0]}×{field.size[1]} pixels",
        key="neuron_probe",
    )


def _show_change(now: np.ndarray, before: np.ndarray) -> None:
    limit = colours.limit_of(np.stack([now, before]))
    is_signed = bool(min(now.min(), before.min()) < 0)
    change, width = now - before, max(1, round(140 / now.shape[1])) * now.shape[1]
    pictures = (
        (colours.colourise(before, is_signed=is_signed, limit=limit), text.BEFORE),
        (colours.colourise(now, is_signed=is_signed, limit=limit), text.EDITED),
        (colours.colourise(change, is_signed=True, limit=limit), text.CHANGE),
    )
    st.html(
        html.row(html.figure(shown, title, width=width) for shown, title in pictures)
        + html.scale_of(limit, is_signed=is_signed, unit="activation")
    )
    st.caption(
        text.CHANGED_BY.format(most=np.abs(change).max(), before=before.max(), after=now.max())
    )


def show_patches(neuron: ChosenNeuron) -> None:
    """Show the training pictures that activate the neuron most, each with the part it looks at."""
    dataset = datasets.get(models.get(neuron.model).dataset)
    size, noun = dataset.split_sizes["train"], dataset.noun
    st.subheader(text.STRONGEST_IMAGES.format(noun=noun), anchor=False)
    index = job_progress.result_of(
        cached.strongest_job(neuron.model),
        offer=text.FIND_IMAGES,
        cost=f"All {size:,} training {noun}s go through the network, once for all its neurons and "
        f"all visitors: {job_progress.about(size / 1000)}.",
        title=f"Looking at {size:,} training {noun}s",
    )
    if index is None:
        return
    indices = tuple(int(i) for i in index[neuron.layer][:, neuron.channel])
    patches = cached.strongest_patches(*neuron.arguments, indices)
    if not any(patch.activation for patch in patches):
        st.info(
            f"No training {noun} excites this {neuron.noun}: it is 0 on all of them, so it takes "
            "no part in any answer."
        )
        return
    split = cache.split(dataset.name, "train")
    names = [dataset.class_names[split.labels[i]] for i in indices]
    pictures = [
        charts.outlined(split.images[i], patch.box)
        for i, patch in zip(indices, patches, strict=True)
    ]
    tiles(
        pictures,
        [
            html.below_tile(label, f"{patch.activation:.2f}", dataset.class_names)
            for label, patch in zip(names, patches, strict=True)
        ],
        key="neuron_patches",
        size=pictures[0].shape[1],
        descriptions=[
            f"Training {noun} {i}: {label}, activation {patch.activation:.2f}"
            for i, label, patch in zip(indices, names, patches, strict=True)
        ],
        is_clickable=False,
    )
    where = text.SEES_FRAME if neuron.is_map else text.SEES_ALL
    commonest = max(dict.fromkeys(names), key=names.count)
    st.caption(
        f"Under each its true class and the activation. {where}"
        f"{names.count(commonest)} of the {len(names)} are {commonest}."
    )


def show_classes(neuron: ChosenNeuron) -> None:
    """Show the activations of each class."""
    noun = datasets.get(models.get(neuron.model).dataset).noun
    st.subheader(text.BY_CLASS, anchor=False)
    found = cached.responses_by_class(*neuron.arguments)
    strongest = max(found, key=lambda each: each.mean)
    weakest = min(found, key=lambda each: each.mean)
    names, count = neuron.class_names, sum(each.count for each in found)
    if strongest.mean == weakest.mean:
        st.info(f"It reacts to all {count:,} test {noun}s alike: {strongest.mean:.2f}.")
        return
    show_chart(
        charts.responses(found, names, strongest.label),
        alt="The activation on test pictures of each class",
    )
    what = "the largest value of its map" if neuron.is_map else "its value"
    st.caption(
        f"**{plain(names[strongest.label])}** excites it most: {strongest.mean:.2f} on average, "
        f"{plain(names[weakest.label])} least: {weakest.mean:.2f}. Of {count:,} test {noun}s, "
        f"{what}: "
        "boxes hold the middle half of a class, whiskers 90%, dashes are means."
    )


def show_maximised(neuron: ChosenNeuron) -> None:
    """Show the picture that activates the neuron most."""
    st.subheader(text.PREFERRED, anchor=False)
    session.in_address("painted", "neuron_maximise", session.Switch(), False)
    if not st.toggle("Paint it", key="neuron_maximise", persist_state="session"):
        st.caption(
            "Activation maximisation: noise climbs the neuron's gradient until nothing excites it "
            "more. It takes a few seconds."
        )
        return
    with st.spinner("Climbing the gradient"):
        found = cached.maximised(*neuron.arguments)
    if found.activation <= found.start:
        st.info("No noise wakes this neuron, so there is no slope to climb.")
        return
    top, left, bottom, right = found.box
    seen = found.image[top:bottom, left:right]
    height, wide = seen.shape[:2]
    where = text.PAINTED_ON.format(height=height, width=wide) if neuron.is_map else ""
    st.html(
        html.figure(
            as_picture(seen),
            f"It answers with {found.activation:.2f}; to the best of many random pictures with "
            f"{found.start:.2f}. Painted to please the neuron{where}: it need not look like "
            "anything the network has seen.",
            width=wide * max(1, round(196 / wide)),
            description=text.PREFERRED_IMAGE,
        )
    )
