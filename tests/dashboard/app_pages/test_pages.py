"""Every page through Home.py: what stands on it, and what its gestures change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

from cnn_core import datasets, inference, models
from cnn_core.errors import DivergedNetworkError
from dashboard import navigation
from dashboard.cache import networks
from dashboard.widgets.canvas.codec import to_text
from support.visitors import BLANK, STEM, Visitor, forget_results

PAGES = tuple(page.name for page in navigation.PAGES)
# They show what is shipped beside the weights; Compare has no second network in that test.
NEED_NO_NETWORK = {"misclassified", "compare", "evaluation", "models", "experiments"}
(DRAWING_TITLE,) = (page.title for page in navigation.PAGES if page.name == "draw_and_erase")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_it_shows_and_leads_on(page: str) -> None:
    visitor = Visitor(page)
    assert visitor.complaints() == []
    (title,) = visitor.text("title")
    if page != "overview":  # whose heading says what the app is for
        assert title == navigation.PAGES[PAGES.index(page)].title
    intro = visitor.text("markdown")[0]
    assert len(re.findall(r"\w[.?!:;](?: |$)", intro)) >= 2, intro
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    following = navigation.following(page).name
    if page == "overview":
        assert links == list(PAGES[1:])
    else:
        assert links[-1] == ("" if following == "overview" else following), (
            "its address is the root"
        )


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", [{"ink": to_text(STEM)}, {"own": to_text(BLANK)}])
def test_every_page_takes_an_edited_and_a_blank_digit(page: str, address: dict) -> None:
    assert Visitor(page, **address).complaints() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", models.MODELS)
def test_every_shipped_network_can_be_opened_up(name: str) -> None:
    if not models.is_trained(name):
        pytest.skip(f"{name} is not trained yet")
    if datasets.find(models.get(name).dataset) is None:
        pytest.skip(f"the pictures of {models.get(name).dataset} are not on this machine")
    visitor = Visitor("attention", model=name)
    assert visitor.complaints() == []
    visitor.go_to("feature_maps")
    assert visitor.complaints() == []


@pytest.mark.parametrize("page", ["attention", "occlusion", "draw_and_erase"])
def test_a_network_that_diverged_is_told_in_words(page: str) -> None:
    model = networks.model("first_cnn")
    weights = model.get_weights()
    try:
        model.set_weights([np.nan * weight for weight in weights])
        with pytest.raises(DivergedNetworkError) as told:
            inference.predict(model, STEM[..., None] / np.float32(255))
        visitor = Visitor(page, model="first_cnn", own=to_text(STEM))
    finally:
        model.set_weights(weights)
    assert str(told.value) in visitor.text("error")
    assert not visitor.app.exception


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("page", ["misclassified", "one_vs_two"])
def test_what_is_handed_over_to_the_eraser_keeps_its_network(page: str) -> None:
    visitor = Visitor(page)
    if page == "misclassified":
        visitor.click_tile("mistakes", 2)
    digit = visitor.card()
    visitor.press("erase_by_hand")
    assert visitor.text("title") == [DRAWING_TITLE]
    assert visitor.app.session_state["model"] == "study"
    assert visitor.component("digit_canvas")["eraser_calls"] == 1
    if page == "misclassified":
        assert visitor.card() == digit


def test_the_tour_goes_on_where_the_study_cannot() -> None:
    visitor = Visitor("one_vs_two", model="course_cifar")
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    assert links == ["robustness"]


@pytest.fixture
def _fresh_caches() -> Iterator[None]:
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_results()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_results()


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh_caches")
@pytest.mark.parametrize("page", PAGES)
def test_without_the_trained_network_a_page_says_how_to_get_it(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    (complaint,) = Visitor(page).complaints()
    assert "`git checkout pretrained`" in complaint
    assert "`python -m cnn_core.training study`" in complaint


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh_caches")
@pytest.mark.parametrize("page", [page for page in PAGES if page not in NEED_NO_NETWORK])
def test_without_the_weights_alone_a_page_says_how_to_get_them(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("study.json", "study.predictions.npz"):
        (tmp_path / name).symlink_to(models.PRETRAINED / name)
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    (complaint,) = Visitor(page).complaints()
    assert complaint.startswith("study.weights.h5 ")
