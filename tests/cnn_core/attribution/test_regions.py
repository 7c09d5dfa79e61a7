"""Where the evidence lies, in words, on maps that one can read."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from cnn_core.attribution import METHODS, Attribution, ClassScore
from cnn_core.attribution.regions import (
    ALL_THE_SAME,
    FOR_AND_AGAINST,
    MATTERS_MOST,
    NO_EVIDENCE,
    NO_EVIDENCE_AT_LAYER,
    ONLY_AGAINST,
    ONLY_FOR,
    RATHER_THAN,
    Region,
    describe,
    regions,
)
from cnn_core.datasets import Background
from support.networks import linear

NAMES = tuple("0123456789")
DIGIT = np.zeros((28, 20, 1), np.float32)
DIGIT[5:23, 3:15] = 1  # a block, 18 high and 12 wide: thirds of 6 rows and 4 columns

lying_on_paper = partial(regions, background="paper")
on_paper = partial(describe, background="paper")


def found(heatmap: np.ndarray, method: str = "occlusion", against: int | None = None, **more):  # type: ignore[no-untyped-def]
    layer = more.get("layer")
    row = METHODS[method]
    return Attribution(heatmap, row, ClassScore(2, against), layer, row.unit, 1.0)


def test_thirds_of_the_ink() -> None:
    names = [
        ["upper left", "upper middle", "upper right"],
        ["middle left", "middle", "middle right"],
        ["lower left", "lower middle", "lower right"],
    ]
    for row in range(3):
        for column in range(3):
            heatmap = np.zeros((28, 20), np.float32)
            heatmap[5 + 6 * row, 3 + 4 * column + 3] = 2.5
            (place,) = lying_on_paper(heatmap, DIGIT).positive
            assert place.name == names[row][column]
            assert place.share == 1
    corner = np.zeros((28, 20), np.float32)
    corner[27, 19] = 1  # outside the box: its nearest part
    assert lying_on_paper(corner, DIGIT).positive[0].name == "lower right"


def test_shares_signs_and_ground() -> None:
    ink = np.zeros((28, 28, 1), np.float32)
    ink[4:24, 6:10] = ink[20:24, 6:22] = 1  # an L
    heatmap = np.zeros((28, 28), np.float32)
    heatmap[5, 7], heatmap[22, 20], heatmap[5, 20] = 3, 1, -2
    lying = lying_on_paper(heatmap, ink)
    first = Region("upper left", 0.75, "stroke")
    against = Region("upper right", 1, "empty")
    assert lying.positive == (first, Region("lower right", 0.25, "stroke"))
    assert lying.negative == (against,)
    assert lying.balance == pytest.approx(1 / 3)
    assert on_paper(found(heatmap), ink, NAMES) == FOR_AND_AGAINST.format(
        target=2, places=first, places_against=against
    )
    assert on_paper(found(heatmap, against=7), ink, NAMES) == FOR_AND_AGAINST.format(
        target=RATHER_THAN.format(target=2, against=7), places=first, places_against=against
    )


@pytest.mark.parametrize("ground", ["stroke", "empty", ""])
def test_a_region_in_words_has_its_name_ground_and_share(ground: str) -> None:
    words = str(Region("upper left", 0.754, ground))
    assert "upper left" in words
    assert ground in words
    assert "(75%)" in words


def test_two_places_that_count_alike_are_both_named() -> None:
    ink = np.zeros((28, 28, 1), np.float32)
    ink[4:24, 6:10] = 1
    heatmap = np.zeros((28, 28), np.float32)
    heatmap[5, 7], heatmap[22, 7] = 3, 2
    upper, lower = Region("upper middle", 0.6, "stroke"), Region("lower middle", 0.4, "stroke")
    both = {"target": 2, "places": f"{upper}, {lower}"}
    assert on_paper(found(heatmap), ink, NAMES) == ONLY_FOR.format(**both)
    assert on_paper(found(-heatmap), ink, NAMES) == ONLY_AGAINST.format(**both)
    unsigned = found(heatmap, "gradient_saliency")
    assert on_paper(unsigned, ink, NAMES) == MATTERS_MOST.format(**both)


def test_a_single_pixel_and_a_thin_stem_stand_in_the_middle() -> None:
    for box in (np.s_[14:15, 14:15], np.s_[4:24, 13:15]):
        ink = np.zeros((28, 28, 1), np.float32)
        ink[box] = 1
        heatmap = np.zeros((28, 28), np.float32)
        heatmap[14, 14] = 1
        assert lying_on_paper(heatmap, ink).positive[0].name == "middle"


@pytest.mark.parametrize(("level", "background"), [(0.0, "paper"), (0.0, "photo"), (1.0, "photo")])
def test_pictures_without_ink_are_cut_into_thirds_as_they_are(
    level: float, background: Background
) -> None:
    heatmap = np.zeros((12, 30), np.float32)
    heatmap[0, 29] = 1
    pixels = np.full((12, 30, 1), level, np.float32)
    (place,) = regions(heatmap, pixels, background=background).positive
    assert place == Region("upper right", 1)


def test_ink_of_the_widest_pens_has_strokes_and_empty_places(wide_digit: np.ndarray) -> None:
    heatmap = np.zeros((28, 28), np.float32)
    heatmap[5, 6], heatmap[14, 14] = 3, -1
    lying = lying_on_paper(heatmap, wide_digit)
    assert lying.positive == (Region("upper left", 1, "stroke"),)
    assert lying.negative == (Region("middle", 1, "empty"),)


def test_maps_without_evidence_say_so() -> None:
    nothing = np.zeros((28, 28), np.float32)
    blank = np.zeros((28, 28, 1), np.float32)
    assert on_paper(found(nothing), blank, NAMES) == NO_EVIDENCE.format(target=2)
    cam = found(nothing, "grad_cam", layer="conv2")
    assert on_paper(cam, blank, NAMES) == NO_EVIDENCE_AT_LAYER.format(target=2, layer="conv2")
    even = found(nothing + 1, "grad_cam", layer="conv5")
    assert on_paper(even, blank, NAMES) == ALL_THE_SAME.format(target=2)
    assert lying_on_paper(nothing, blank).balance == 0


def test_a_linear_network_is_described_by_its_weights() -> None:
    from cnn_core.attribution import explain

    weights = np.zeros((9, 9, 1, 3), np.float32)
    weights[1, 1, 0, 2], weights[7, 7, 0, 2] = 5, -4
    image = np.zeros((9, 9, 1), np.float32)
    image[1, 1] = image[7, 7] = image[1, 7] = 1
    words = on_paper(explain(linear(weights), image, 2, method="deep_lift"), image, NAMES)
    assert words == FOR_AND_AGAINST.format(
        target=2,
        places=Region("upper left", 1, "stroke"),
        places_against=Region("lower right", 1, "stroke"),
    )
