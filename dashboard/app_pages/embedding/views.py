"""The embedding page: the map of the test set, and the current picture's neighbours."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st

from cnn_core import datasets, embedding, models
from dashboard import cache, session
from dashboard.app_pages.embedding import cached
from dashboard.app_pages.embedding.cached import Layout
from dashboard.figures import colours, html, numbers, pictures
from dashboard.figures.text import plain
from dashboard.frame import job_progress, picture_gallery
from dashboard.session import CurrentImage
from dashboard.widgets import scatter
from dashboard.widgets.tiles import tiles

PLANE, NEIGHBOURHOODS = "PCA", "t-SNE"
NUM_NEIGHBOURS = 10
MAP = "embedding_map"
READ_PLANE = (
    "The plane in which the network's last features differ most: {across} of their variance lies "
    "across, {upwards} upwards. The rest is flattened, so {noun}s that lie together here may still "
    "be far apart; the current one stands exactly where the plane puts it."
)
READ_NEIGHBOURHOODS = (
    "t-SNE of {count:,} test {noun}s keeps neighbours together; the distance between groups means "
    "nothing. It has no formula for a new picture: the current one stands at the mean of its five "
    "nearest, the nearer the more they count."
)
FIND_TRAINING = "Look among the training {noun}s"
AGREES, DISAGREES = "and the network answers", "but the network answers"


def layout(model_name: str) -> Layout | None:
    """Return the layout of the test set, or None while the layout is being computed."""
    dataset = datasets.get(models.get(model_name).dataset)
    size = dataset.split_sizes["test"]
    kept = job_progress.result_of(
        cached.layout_job(model_name),
        title=f"Laying out {size:,} test {dataset.noun}s",
    )
    return None if kept is None else cached.layout_of(kept)


def plane(found: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Places and indices of all test pictures in their plane."""
    return found.points, np.arange(len(found.points))


def neighbourhoods(model_name: str, found: Layout) -> tuple[np.ndarray, np.ndarray] | None:
    """Places and indices of a sample by neighbourhood, or None while that is being done."""
    kept = job_progress.result_of(
        cached.neighbourhoods_job(model_name, found),
        title=f"Laying out the neighbourhoods of {len(found.sample):,} test pictures",
        has_shares=False,
    )
    return None if kept is None else (kept["points"], found.sample)


def how_to_read(found: Layout, view: str, noun: str) -> str:
    """Return what nearness means in this map."""
    if view == PLANE:
        across, upwards = (numbers.percent(float(share), 0) for share in found.projection.shares)
        return READ_PLANE.format(across=across, upwards=upwards, noun=noun)
    return READ_NEIGHBOURHOODS.format(count=len(found.sample), noun=noun)


def show_map(model_name: str, shown: tuple[np.ndarray, np.ndarray]) -> None:
    """Show the test pictures as dots; a click makes a dot the current picture."""
    places, indices = shown
    answers, dataset = cache.test_answers(model_name), session.dataset()
    picked = scatter.scatter(
        places,
        answers.labels[indices],
        answers.logits[indices].argmax(axis=1),
        indices,
        class_names=dataset.class_names,
        palette=colours.CLASSES,
        noun=dataset.noun,
        description=f"{len(indices):,} test {dataset.noun}s as dots, near each other where the "
        "network finds them alike",
        key=MAP,
    )
    if picked is not None:
        session.choose_test_image(picked)
        st.rerun()


def mark_current(
    found: Layout, shown: tuple[np.ndarray, np.ndarray], image: CurrentImage, one: np.ndarray
) -> None:
    """Show where the current picture stands in the map."""
    places, indices = shown
    if len(indices) == len(found.points):
        place = found.projection.place(one[None])[0]
    else:
        place = embedding.place_among(places, *embedding.nearest(found.features, one, 5))
    scatter.mark(place, image.name, scatter=MAP)


def show_near_tests(model_name: str, found: Layout, one: np.ndarray, image: CurrentImage) -> None:
    """Show the nearest test pictures of the sample, to go on to."""
    dataset, answers = session.dataset(), cache.test_answers(model_name)
    order, distances = embedding.nearest(found.features, one, NUM_NEIGHBOURS + 1)
    pairs = [
        (int(found.sample[i]), float(distance))
        for i, distance in zip(order, distances, strict=True)
        if image.is_edited or found.sample[i] != image.index
    ][:NUM_NEIGHBOURS]
    st.subheader(f"Nearest test {dataset.noun}s", anchor=False)
    names = [dataset.class_names[answers.labels[i]] for i, _ in pairs]
    picture_gallery.picture_gallery(
        [i for i, _ in pairs],
        [
            html.below_tile(label, f"{far:.1f}", dataset.class_names)
            for label, (_, far) in zip(names, pairs, strict=True)
        ],
        [
            f"{session.image_name(dataset.noun, i)}: {label}, distance {far:.2f}"
            for label, (i, far) in zip(names, pairs, strict=True)
        ],
        key="near_tests",
    )
    st.caption(
        f"Among {len(found.sample):,} test {dataset.noun}s, by the straight distance between the "
        "network's last features. Click one to make it the current one."
    )


def show_near_training(model_name: str, one: np.ndarray, answer: int) -> None:
    """Show the nearest training pictures: what the network learnt that looks like this to it."""
    dataset = session.dataset()
    noun, size = dataset.noun, dataset.split_sizes["train"]
    st.subheader(f"Why it thinks so: the nearest training {noun}s", anchor=False)
    kept = job_progress.result_of(
        cached.training_job(model_name),
        offer=FIND_TRAINING.format(noun=noun),
        cost=f"The {size:,} training {noun}s go through the network once, for all visitors: "
        f"{job_progress.about(size / 2000)}.",
        title=f"Looking at the training {noun}s",
    )
    if kept is None:
        return
    training = cached.training_of(model_name, kept)
    order, distances = cached.nearest_training(training, one, NUM_NEIGHBOURS)
    images = cache.split(dataset.name, "train").images
    labels = [int(training.labels[i]) for i in order]
    names = dataset.class_names
    with st.container(key="near_training_list"):
        tiles(
            [pictures.as_picture(images[training.indices[i]]) for i in order],
            [
                html.below_tile(names[k], f"{far:.1f}", names)
                for k, far in zip(labels, distances, strict=True)
            ],
            key="near_training",
            size=picture_gallery.crisp_width(84),
            descriptions=[
                f"Training {noun} {training.indices[i]}: {names[k]}, distance {far:.2f}"
                for i, k, far in zip(order, labels, distances, strict=True)
            ],
            is_clickable=False,
        )
    part = "" if len(training.indices) == size else f" a random {len(training.indices):,} of"
    st.markdown(vote(labels, names, answer, noun))
    st.caption(
        f"Among{part} the {size:,} training {noun}s: under each its true class and the straight "
        "distance between the network's last features. What follows is a weighted sum, so what "
        "lies this near gets much the same answer."
    )


def vote(labels: list[int], names: tuple[str, ...], answer: int, noun: str) -> str:
    """Return the classes of the neighbours beside the prediction, as markdown."""
    counted = Counter(labels).most_common()
    winner, count = counted[0]
    others = ", ".join(f"{plain(names[label])} ({number})" for label, number in counted[1:])
    rest = f"; the others are {others}" if others else ""
    but = AGREES if winner == answer else DISAGREES
    return (
        f"**{count} of the {len(labels)} nearest training {noun}s are "
        f"{plain(names[winner])}**{rest}, "
        f"{but} {plain(names[answer])}."
    )
