"""The pages of one neuron and of the embedding, and the background jobs that they wait for."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
import streamlit as st

from cnn_core import datasets
from cnn_core.errors import MissingFileError
from dashboard import cache
from dashboard.app_pages.embedding import cached as embedding_cached
from dashboard.app_pages.embedding import views
from dashboard.app_pages.neuron import cached, charts, text
from dashboard.cache import background_jobs
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import to_text
from support.visitors import STEM, Visitor, forget_jobs

NUM_TRAIN, NUM_TEST = 120, 60
DIGITS = tuple("0123456789")


@pytest.fixture(scope="module", autouse=True)
def _few_digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A small MNIST, so that going through all of it takes no time, and an empty shelf."""
    real = cache.split
    parts = {"train": NUM_TRAIN, "test": NUM_TEST}

    def few(dataset: str, name: datasets.SplitName) -> datasets.Split:
        found = real(dataset, name)
        if dataset != "mnist":
            return found
        return datasets.Split(found.images[: parts[name]], found.labels[: parts[name]])

    def answers(name: str) -> object:
        found = shipped(name)
        return replace(found, logits=found.logits[:NUM_TEST], labels=found.labels[:NUM_TEST])

    shipped = cache.test_answers
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("shelf")))
        patch.setattr(cache, "split", few)
        patch.setattr(cache, "test_answers", answers)
        yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_jobs()


def facts(visitor: Visitor) -> list[str]:
    return re.findall(r"<b>([^<]*)</b><span>", visitor.html())


# --- The dossier ---


@pytest.mark.slow
def test_the_dossier_of_a_channel() -> None:
    visitor = Visitor("neuron")
    assert visitor.complaints() == []
    headings = visitor.text("subheader")
    assert headings == [
        text.WEIGHTS,
        text.ON_CURRENT.format(noun="digit"),
        text.STRONGEST_IMAGES.format(noun="digit"),
        text.BY_CLASS,
        text.PREFERRED,
        text.PULL,
        text.SWITCHED_OFF,
    ]
    assert visitor.component("neuron_probe")["box"] == [3, 3]
    captions = " ".join(visitor.text("caption"))
    assert text.KERNEL.format(height=3, width=3, channels=text.ONE_CHANNEL) in captions
    responses = cached.responses_by_class("study", *chosen(visitor))
    strongest = max(responses, key=lambda each: each.mean)
    assert re.search(rf"\*\*{strongest.label}\*\*.* {strongest.mean:.2f} ", captions)
    assert text.NO_SINGLE_WEIGHT in captions
    assert "cl-bars" in visitor.html()


@pytest.mark.slow
def test_the_patches_come_when_asked_for_and_stay() -> None:
    visitor = Visitor("neuron")
    assert not visitor.shows("neuron_patches")
    visitor.press(text.FIND_IMAGES)
    visitor.wait_for_jobs()
    assert visitor.complaints() == []
    sent = visitor.component("neuron_patches")
    assert len(sent["captions"]) == 16
    activations = [float(caption.split(" · ")[1]) for caption in sent["captions"]]
    assert activations == sorted(activations, reverse=True)
    visitor.choose("neuron_layer_study", "dense")
    assert text.SEES_ALL in " ".join(visitor.text("caption"))
    # Forgotten by this process, they still lie on the shelf.
    forget_jobs()
    assert Visitor("neuron").shows("neuron_patches")


@pytest.mark.slow
def test_a_unit_has_a_number_a_picture_of_weights_and_exact_weights() -> None:
    visitor = Visitor("neuron", ink=to_text(STEM))
    visitor.choose("neuron_layer_study", "dense")
    assert visitor.complaints() == []
    assert not visitor.shows("neuron_probe")
    assert len(facts(visitor)) == 2  # on the edited digit and before
    captions = " ".join(visitor.text("caption"))
    channels = text.SEVERAL_CHANNELS.format(count=64)
    assert text.KERNEL.format(height=12, width=12, channels=channels) in captions
    assert text.EXACT_WEIGHTS.format(where="") in captions
    visitor.choose("neuron_layer_study", "logits")
    captions = " ".join(visitor.text("caption"))
    assert text.UNIT_WEIGHTS.format(count=128, source="dropout2") in captions
    assert text.CLASS_ITSELF in captions
    assert visitor.complaints() == []


@pytest.mark.slow
def test_an_edited_digit_shows_both_maps_and_the_change() -> None:
    visitor = Visitor("neuron", ink=to_text(STEM))
    html = visitor.html()
    assert all(title in html for title in (text.BEFORE, text.EDITED, text.CHANGE))
    assert not visitor.shows("neuron_probe")
    layer, channel = chosen(visitor)
    original = cache.split("mnist", "test").images[1]
    after, before = (
        cache.feature_maps("study", pixels)[layer][..., channel]
        for pixels in (STEM[..., None] / np.float32(255), original)
    )
    most = np.abs(after - before).max()
    sentence = text.CHANGED_BY.format(most=most, before=before.max(), after=after.max())
    assert sentence in visitor.text("caption")


@pytest.mark.slow
def test_without_the_neuron_the_network_is_tested_on_demand() -> None:
    visitor = Visitor("neuron")
    visitor.press(text.TEST_WITHOUT)
    visitor.wait_for_jobs()
    assert visitor.complaints() == []
    without, before, lost, gained = facts(visitor)[-4:]
    base = float((cache.test_answers("study").logits.argmax(1) == labels()).mean())
    assert before == f"{100 * base:.2f}%"
    share = float(without.rstrip("%")) / 100
    assert round(share * NUM_TEST) == round(base * NUM_TEST) - int(lost) + int(gained)
    visitor.choose("neuron_level", text.MEAN)
    assert visitor.complaints() == []
    assert text.TEST_WITHOUT in [each.label for each in visitor.app.button]


def labels() -> np.ndarray:
    return cache.test_answers("study").labels


@pytest.mark.slow
def test_the_picture_it_would_like_best_is_painted_on_demand() -> None:
    visitor = Visitor("neuron")
    (toggle,) = (each for each in visitor.app.toggle if each.key == "neuron_maximise")
    toggle.set_value(True).run()
    assert visitor.complaints() == []
    assert text.PAINTED_ON.format(height=3, width=3) in visitor.html()
    (picture,) = re.findall(f'base64,([^"]*)"[^>]*alt="{text.PREFERRED_IMAGE}"', visitor.html())
    png = np.frombuffer(base64.b64decode(picture), np.uint8)
    assert cv2.imdecode(png, cv2.IMREAD_UNCHANGED).shape == (3, 3), "only what it sees, enlarged"


@pytest.mark.slow
def test_the_dossier_is_opened_from_a_filter_a_map_and_a_unit() -> None:
    visitor = Visitor("filters")
    visitor.choose("filter_of_conv1", 11)
    visitor.press("open_filter")
    assert visitor.text("title") == ["Neuron"]
    assert chosen(visitor) == ("conv1", 11)
    visitor.go_to("feature_maps")
    visitor.choose("map_layer_study", "pool")
    visitor.click_tile("maps_pool", 40)
    visitor.press("open_map")
    assert chosen(visitor) == ("pool", 40)
    visitor.go_to("feature_maps")
    visitor.choose("map_layer_study", "dense")
    visitor.choose("unit_of_dense", 100)
    visitor.press("open_unit")
    assert chosen(visitor) == ("dense", 100)


def chosen(visitor: Visitor) -> tuple[str, int]:
    assert visitor.complaints() == []
    (layer,) = (each for each in visitor.app.selectbox if each.key == "neuron_layer_study")
    key = f"neuron_channel_study_{layer.value}"
    (channel,) = (each for each in visitor.app.number_input if each.key == key)
    return layer.value, int(channel.value)


def test_the_first_neuron_is_the_strongest_on_the_current_digit() -> None:
    visitor = Visitor("neuron")
    maps = cache.feature_maps("study", cache.split("mnist", "test").images[1])["conv1"]
    assert chosen(visitor) == ("conv1", int(maps.max(axis=(0, 1)).argmax()))
    visitor.choose("neuron_channel_study_conv1", 0)
    visitor.press("strongest_neuron")
    assert chosen(visitor)[1] == int(maps.max(axis=(0, 1)).argmax())


# --- Pictures of it ---


def test_a_frame_lies_around_what_is_seen() -> None:
    pixels = np.full((4, 6, 1), 0.5, np.float32)
    picture = charts.outlined(pixels, (1, 2, 3, 4), side=40)
    assert picture.shape == (40, 60, 3)
    is_frame = (picture == (224, 130, 20)).all(axis=-1)
    down, across = np.flatnonzero(is_frame.any(axis=1)), np.flatnonzero(is_frame.any(axis=0))
    assert (down[0], down[-1], across[0], across[-1]) == (8, 31, 18, 41)
    assert not is_frame[10:30, 20:40].any()
    assert not (charts.outlined(pixels, (0, 0, 4, 6)) == (224, 130, 20)).all(-1).any()


@pytest.mark.parametrize(
    ("shape", "cells"),
    [
        ((3, 3, 1), (3, 3)),
        ((3, 3, 4), (7, 7)),
        ((1, 10, 1), (3, 4)),
        ((2, 4, 2), (5, 4)),
        ((3, 3, 3), (3, 11)),
    ],
)
def test_weights_as_one_picture(shape: tuple[int, int, int], cells: tuple[int, int]) -> None:
    kernel = np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)
    picture = charts.weights(kernel)
    assert picture.shape == (*cells, 3)
    filled = (picture != (128, 140, 150)).any(axis=-1)
    assert filled.sum() == kernel.size
    assert tuple(picture[0, 0]) != tuple(picture[filled][-1])


# --- The embedding ---


@pytest.fixture
def laid_out() -> Visitor:
    visitor = Visitor("embedding")
    if not visitor.shows("embedding_map"):
        visitor.wait_for_jobs()
    return visitor


def test_the_map_has_every_test_digit_and_the_current_one(laid_out: Visitor) -> None:
    assert laid_out.complaints() == []
    sent = laid_out.component("embedding_map")
    assert len(sent["names"]) == 10
    assert laid_out.component("embedding_map_mark")["text"] == image_name("digit", 1)
    across, upwards = cache_jobs("layout")[0]["shares"]
    words = views.READ_PLANE.format(across=f"{across:.0%}", upwards=f"{upwards:.0%}", noun="digit")
    assert words in laid_out.text("caption")
    before = laid_out.component("embedding_map_mark")
    laid_out.draw(STEM, is_final=False)
    assert laid_out.complaints() == []
    after = laid_out.component("embedding_map_mark")
    assert (after["x"], after["y"]) != (before["x"], before["y"])
    assert laid_out.component("embedding_map") == sent, "the dots are not sent anew"


def test_the_current_digit_stands_where_its_own_dot_is(laid_out: Visitor) -> None:
    key, _ = cache_jobs("layout")
    points = key["points"]
    mark = laid_out.component("embedding_map_mark")
    np.testing.assert_allclose(points[1], [mark["x"], mark["y"]], atol=1e-2)


def cache_jobs(kind: str) -> tuple[dict[str, np.ndarray], str]:
    key, work = getattr(embedding_cached, f"{kind}_job")("study")
    found = background_jobs.find(key)
    return (found.result if found else work(lambda _share: None)), key


@pytest.mark.slow
def test_a_click_on_a_dot_makes_it_the_current_digit(laid_out: Visitor) -> None:
    laid_out.click_tile("embedding_map", 17)
    assert f"{image_name('digit', 17)}<" in laid_out.card()
    laid_out.click_tile("embedding_map", 10_000)  # no such dot
    assert f"{image_name('digit', 17)}<" in laid_out.card()


def test_the_nearest_training_digits_vote(laid_out: Visitor) -> None:
    if not laid_out.shows("near_training"):
        laid_out.press(views.FIND_TRAINING.format(noun="digit"))
        laid_out.wait_for_jobs()
    assert laid_out.complaints() == []
    sent = laid_out.component("near_training")
    assert len(sent["captions"]) == 10
    distances = [float(text.split("distance ")[1]) for text in sent["descriptions"]]
    assert distances == sorted(distances)
    labels = [int(re.findall(r": (\d)", each)[0]) for each in sent["descriptions"]]
    answer = int(cache.test_answers("study").logits[1].argmax())
    assert views.vote(labels, DIGITS, answer, "digit") in laid_out.text("markdown")
    tests = laid_out.component("near_tests")["descriptions"]
    assert not any(each.startswith(f"{image_name('digit', 1)}:") for each in tests), "not itself"


@pytest.mark.slow
def test_neighbourhoods_come_when_chosen_and_place_the_digit(laid_out: Visitor) -> None:
    laid_out.choose("embedding_view", views.NEIGHBOURHOODS)
    assert laid_out.shows("embedding_map"), "the plane, while the neighbourhoods are laid out"
    laid_out.wait_for_jobs()
    assert laid_out.complaints() == []
    layout, _ = cache_jobs("layout")
    assert len(laid_out.component("embedding_map")["points"]) == 4 * -(
        -len(layout["sample"]) * 8 // 3
    )
    words = views.READ_NEIGHBOURHOODS.format(count=len(layout["sample"]), noun="digit")
    assert words in laid_out.text("caption")


DOT = np.zeros((28, 28), np.uint8)
DOT[9, 9] = 255


@pytest.mark.slow
@pytest.mark.parametrize(
    "levels", [DOT * 0, DOT * 0 + 255, DOT], ids=["blank", "all ink", "one pixel"]
)
def test_any_digit_has_a_dossier_and_a_place(levels: np.ndarray) -> None:
    assert Visitor("neuron", own=to_text(levels)).complaints() == []
    visitor = Visitor("embedding", own=to_text(levels))
    if not visitor.shows("embedding_map"):
        visitor.wait_for_jobs()
    assert visitor.complaints() == []
    assert np.isfinite(visitor.component("embedding_map_mark")["x"])


@pytest.mark.parametrize(
    ("labels", "answer", "figures", "verdict"),
    [
        ([2] * 10, 2, [10, 10, 2, 2], views.AGREES),
        # Seven are 2; 1 comes twice and 0 once; the answer is 1.
        ([2] * 7 + [1, 1, 0], 1, [7, 10, 2, 1, 2, 0, 1, 1], views.DISAGREES),
    ],
    ids=["agrees", "disagrees"],
)
def test_the_vote_in_words(
    labels: list[int], answer: int, figures: list[int], verdict: str
) -> None:
    said = views.vote(labels, DIGITS, answer, "digit")
    assert [int(figure) for figure in re.findall(r"\d+", said)] == figures
    assert said.endswith(f"{verdict} {answer}.")


# --- Jobs ---


def test_a_job_runs_once_tells_how_far_it_is_and_is_forgotten_last() -> None:
    go, runs = threading.Event(), []

    def work(progress: background_jobs.Progress) -> str:
        runs.append(1)
        progress(0.5)
        assert go.wait(30)
        return "done"

    job = background_jobs.start("one", work)
    assert background_jobs.start("one", work) is job
    while job.share < 0.5:
        assert not job.is_done.wait(0.01)
    for i in range(2 * background_jobs.MAX_KEPT):
        background_jobs.keep(f"other {i}", i)
    assert background_jobs.find("one") is job, "a running job is not forgotten"
    assert background_jobs.find("other 0") is None
    go.set()
    assert job.is_done.wait(30)
    assert (job.result, job.share, len(runs)) == ("done", 1.0, 1)


def test_a_job_that_fails_can_be_started_again() -> None:
    def fail(_progress: background_jobs.Progress) -> None:
        raise MissingFileError("No such pictures.")

    first = background_jobs.start("bad", fail)
    assert first.is_done.wait(30)
    assert isinstance(first.error, MissingFileError)
    second = background_jobs.start("bad", lambda _progress: 7)
    assert second.is_done.wait(30)
    assert (second.result, second.error) == (7, None)


def test_a_failed_job_is_one_sentence_on_the_page() -> None:
    def fail(_progress: background_jobs.Progress) -> None:
        raise MissingFileError("The pictures went away.")

    key, _ = cached.accuracy_job("study", "conv1", 0, 0.0)
    assert background_jobs.start(key, fail).is_done.wait(30)
    visitor = Visitor("neuron")
    visitor.choose("neuron_channel_study_conv1", 0)
    assert visitor.complaints() == ["The pictures went away."]
    visitor.press(f"start {key}")
    visitor.wait_for_jobs()
    assert visitor.complaints() == []
    assert len(facts(visitor)) == 4
