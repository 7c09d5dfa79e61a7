"""The Occlusion page: patch, stride, fill and quantity."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core.attribution.occlusion import UNITS
from dashboard import cache
from dashboard.app_pages.occlusion import views as occlusion
from dashboard.figures import numbers
from support.sentences import pattern_of
from support.visitors import Visitor


def test_the_occlusion_map_starts_with_the_logit_of_the_answer() -> None:
    probe = Visitor("occlusion").component("occlusion_probe")
    assert probe["map_title"] == occlusion.MAP_TITLE.format(quantity="logit", what=2)
    assert probe["tops"] == probe["lefts"] == list(range(25))
    assert probe["box"] == [4, 4]
    assert probe["unit"] == UNITS["logit"]


def test_patch_and_stride_set_the_positions() -> None:
    visitor = Visitor("occlusion")
    visitor.slide("patch_size_28", 14)
    visitor.slide("stride_28", 4)
    probe = visitor.component("occlusion_probe")
    assert probe["tops"] == [0, 4, 8, 12, 14], "the last position covers the border"
    visitor.slide("patch_size_28", 1)
    visitor.slide("stride_28", 1)
    assert len(visitor.component("occlusion_probe")["tops"]) == 28
    assert visitor.complaints() == []


@pytest.mark.slow
@pytest.mark.parametrize("fill", ["black", "white", "mean", "blur", "background"])
def test_every_fill_can_be_chosen(fill: str) -> None:
    visitor = Visitor("occlusion")
    visitor.choose("fill_28", fill)
    assert visitor.complaints() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quantity", "what", "unit"),
    [
        (occlusion.MARGIN, occlusion.OVER.format(name=7, rival=2), UNITS["logit"]),
        (occlusion.PROBABILITY, "7", UNITS["probability"]),
        (occlusion.LOGIT, "7", UNITS["logit"]),
    ],
)
def test_every_quantity_can_be_asked_for_another_class(quantity: str, what: str, unit: str) -> None:
    visitor = Visitor("occlusion")
    visitor.choose("occlusion_quantity", quantity)
    visitor.choose("occlusion_target", 7)
    probe = visitor.component("occlusion_probe")
    title = occlusion.MAP_TITLE.format(quantity=quantity.lower(), what=what)
    assert (probe["map_title"], probe["unit"]) == (title, unit)
    assert visitor.complaints() == []


def test_the_page_says_how_many_positions_change_the_answer(digit: np.ndarray) -> None:
    visitor = Visitor("occlusion")
    visitor.slide("patch_size_28", 1)
    assert visitor.text("markdown")[-1] == occlusion.NO_FLIPS.format(answer=2)
    visitor.slide("patch_size_28", 14)
    visitor.choose("fill_28", "white")
    winners = cache.occlusion_map("study", digit, 14, 1, "white").winners
    share = numbers.percent((winners != 2).mean())
    said = pattern_of(occlusion.FLIPS, answer=2, share=share, positions=winners.size)
    assert said.fullmatch(visitor.text("markdown")[-1])
