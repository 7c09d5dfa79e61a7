from __future__ import annotations

import re
from itertools import pairwise

import keras
import numpy as np
import pytest

from cnn_core import datasets, inference
from cnn_core.attribution import explain
from cnn_core.datasets import Split
from cnn_core.images.strokes import Stroke, draw
from cnn_core.studies import one_vs_two
from cnn_core.studies.one_vs_two import HEAD_LENGTHS, OneVersusTwo, draw_one, draw_two, overhang

SAID = re.compile(r"(\d) \((\d+)%\)")


@pytest.fixture(scope="module")
def training_ones() -> np.ndarray:
    train = datasets.load("mnist", split="train")
    return train.images[train.labels == 1]


@pytest.fixture(scope="module")
def unseen_twos(test_split: Split) -> np.ndarray:
    return test_split.images[test_split.labels == 2][:200]


@pytest.fixture(scope="module")
def result(study: keras.Model, training_ones: np.ndarray, unseen_twos: np.ndarray) -> OneVersusTwo:
    """The whole study on the shipped network."""
    return one_vs_two.one_vs_two(study, training_ones, unseen_twos)


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"[-+]?\d+(?:\.\d+)?", text)]


def stem(columns: slice = np.s_[12:15]) -> np.ndarray:
    """An upright bar of 20 rows."""
    image = np.zeros((28, 28, 1), np.float32)
    image[4:24, columns] = 1
    return image


# The drawn digits.


def test_drawn_digits_fill_the_box_of_the_data_set() -> None:
    """MNIST's convention: the ink fits a box of 20x20 pixels; a soft edge may pass it by one."""
    for pixels in (draw_one(8.0), draw_one(has_foot=False), draw_two()):
        assert pixels.shape == (28, 28, 1)
        assert pixels.dtype == np.float32
        assert pixels.min() == 0
        assert pixels.max() == 1
        for axis in (0, 1):
            ink = np.flatnonzero((pixels[..., 0] > 0.5).any(axis=1 - axis))
            assert ink[-1] - ink[0] - 1 <= 20
        assert pixels[[0, -1]].sum() == pixels[:, [0, -1]].sum() == 0


def test_head_and_foot_add_ink_where_they_should() -> None:
    whole, headless, footless = draw_one(8.0), draw_one(), draw_one(8.0, has_foot=False)
    head, foot = whole - headless, whole - footless
    assert (head >= 0).all()
    assert (foot >= 0).all()
    rows = np.flatnonzero(head.any(axis=(1, 2)))
    assert rows.max() < 12
    assert np.flatnonzero(foot.any(axis=(1, 2))).min() > 20
    assert np.flatnonzero(head.any(axis=(0, 2))).max() < 18


def test_shorter_heads_lie_within_longer_ones() -> None:
    drawn = [draw_one(length) for length in HEAD_LENGTHS]
    for longer, shorter in pairwise(drawn):
        assert (longer >= shorter).all()
        assert longer.sum() > shorter.sum()


@pytest.mark.parametrize("length", [-0.1, 10.1, float("nan")])
def test_head_out_of_range(length: float) -> None:
    with pytest.raises(ValueError, match=r"Expected head_length from 0 to 10. Received"):
        draw_one(length)


# The length of a head.


@pytest.mark.parametrize("reach", [0, 1, 3, 6])
def test_overhang_of_an_upright_stem(reach: int) -> None:
    one = stem()
    one[4:6, 12 - reach : 12] = 1
    assert overhang(one) == pytest.approx(reach, abs=1e-6)


def test_overhang_is_measured_from_a_leaning_stem() -> None:
    """A stem that leans by one pixel in four rows, first without and then with a head."""
    one = np.zeros((28, 28, 1), np.float32)
    for row in range(4, 24):
        left = 18 - (row - 4) // 4
        one[row, left : left + 3] = 1
    assert overhang(one) < 1
    one[5:7, 14:18] = 1
    assert overhang(one) == pytest.approx(4, abs=0.6)


def test_what_is_no_head() -> None:
    assert overhang(np.zeros((28, 28, 1), np.float32)) == 0
    speck = stem()
    speck[5, 3] = 1
    assert overhang(speck) == pytest.approx(0, abs=1e-6)
    foot = stem()
    foot[22:24, 6:20] = 1
    assert overhang(foot) == pytest.approx(0, abs=1e-6)
    flag_to_the_right = stem()
    flag_to_the_right[4:6, 15:20] = 1
    assert overhang(flag_to_the_right) == pytest.approx(0, abs=1e-6)
    too_short = np.zeros((28, 28, 1), np.float32)
    too_short[4:10, 12:15] = 1
    assert overhang(too_short) == 0


@pytest.mark.parametrize("has_foot", [True, False])
def test_overhang_of_drawn_ones(has_foot: bool) -> None:
    """The head falls off at 35 degrees and the stem leans 2 pixels in 18.5; cells are whole."""
    angle = np.radians(35)
    found = [overhang(draw_one(length, has_foot=has_foot)) for length in HEAD_LENGTHS]
    known = [length * (np.cos(angle) - np.sin(angle) * 2 / 18.5) for length in HEAD_LENGTHS]
    np.testing.assert_allclose(found, known, rtol=0, atol=1.1)
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0, abs=1e-6)


# One step.


def test_step_by_its_parts(study: keras.Model) -> None:
    pixels = draw_two()
    step = one_vs_two.study_step(study, pixels, "A plain 2")
    prediction = inference.predict(study, pixels)
    assert step.title == "A plain 2"
    assert step.answer == prediction.classes[0] == 2
    np.testing.assert_allclose(step.probabilities, prediction.probabilities[0], atol=2e-6)
    logits = prediction.logits[0]
    assert step.margin == pytest.approx(logits[1] - logits[2], abs=1e-4)
    np.testing.assert_allclose(
        step.attention, explain(study, pixels, 2).heatmap, rtol=1e-4, atol=1e-4
    )
    evidence = explain(study, pixels, 1, against=2, method="occlusion").heatmap
    np.testing.assert_allclose(step.evidence, evidence, rtol=0, atol=1e-4)


# The whole study: what it says must be what was computed, whether or not a claim holds.


@pytest.mark.slow
def test_plain_digits_are_read_right(result: OneVersusTwo) -> None:
    assert (result.one.answer, result.two.answer) == (1, 2)
    assert result.one.margin > 0 > result.two.margin


@pytest.mark.slow
def test_shortening_the_head_turns_a_2_into_a_1(result: OneVersusTwo) -> None:
    assert len(result.steps) == len(HEAD_LENGTHS) == 5
    answers = [step.answer for step in result.steps]
    assert answers[0] == 2
    assert answers[-1] == 1
    margins = [step.margin for step in result.steps]
    assert margins == sorted(margins)
    for step, length in zip(result.steps, HEAD_LENGTHS, strict=True):
        np.testing.assert_array_equal(step.pixels, draw_one(length))
        assert step.probabilities.sum() == pytest.approx(1, abs=1e-6)
        assert step.attention.shape == step.evidence.shape == (28, 28)


def test_findings_are_whole_sentences_with_numbers(result: OneVersusTwo) -> None:
    assert len(result.findings) == 6
    for finding in result.findings:
        assert type(finding.holds) is bool
        assert numbers(finding.measured)
        for text in (finding.claim, finding.measured, finding.rule):
            assert text.strip() == text
            assert text.endswith(".")
            assert "nan" not in text


def test_finding_of_head_and_foot(result: OneVersusTwo, study: keras.Model) -> None:
    finding = result.findings[0]
    whole = result.steps[0].margin
    footless = inference.logits(study, draw_one(HEAD_LENGTHS[0], has_foot=False))[0]
    by_head = result.steps[-1].margin - whole
    by_foot = float(footless[1] - footless[2]) - whole
    assert numbers(finding.measured)[-2:] == pytest.approx([by_head, by_foot], abs=0.051)
    assert finding.holds == (abs(by_head) > abs(by_foot))


def test_finding_of_upper_and_lower_half(
    result: OneVersusTwo, study: keras.Model, unseen_twos: np.ndarray
) -> None:
    finding = result.findings[1]
    margins = []
    for rows in (slice(0), slice(0, 14), slice(14, 28)):
        covered = unseen_twos.copy()
        covered[:, rows] = 0
        logits = inference.logits(study, covered)
        margins.append((logits[:, 2] - logits[:, 1]).mean())
    upper, lower = margins[0] - margins[1], margins[0] - margins[2]
    assert numbers(finding.measured)[0] == len(unseen_twos)
    said = numbers(finding.measured)
    assert [said[1], said[-1]] == pytest.approx([upper, lower], abs=0.051)
    assert finding.holds == (upper > lower)


def test_finding_of_the_left_end(result: OneVersusTwo, study: keras.Model) -> None:
    """The head runs from the stem's top (17.5, 5) to the lower left at 35 degrees."""
    finding = result.findings[2]
    length, radius = HEAD_LENGTHS[0], one_vs_two.PEN_RADIUS
    way = np.array([-np.cos(np.radians(35)), np.sin(np.radians(35))])
    inner, outer = (tuple(np.array([17.5, 5]) + at * way) for at in (length - 2.5, length))
    only_end = draw(draw_one(), [Stroke((inner, outer), radius)])
    drawn = [draw_one(length), only_end, draw_one(length - 2.5 - 2 * radius)]
    prediction = inference.predict(study, np.stack(drawn))
    said = [(int(answer), int(share)) for answer, share in SAID.findall(finding.measured)]
    assert [answer for answer, _ in said] == prediction.classes.tolist()
    shares = [share for _, share in said]
    np.testing.assert_allclose(shares, 100 * prediction.confidences, rtol=0, atol=0.51)
    assert finding.holds == (said[1][0] == 2)


def test_finding_of_the_spread_of_attention(result: OneVersusTwo) -> None:
    finding = result.findings[3]
    spreads = numbers(finding.measured)[:4]
    assert all(0 < spread <= 1 for spread in spreads)
    assert finding.holds == (sorted(spreads) == spreads)


def test_finding_of_the_continuation(result: OneVersusTwo) -> None:
    finding = result.findings[4]
    answers = [step.answer for step in result.steps]
    longest = max(
        length for length, answer in zip(HEAD_LENGTHS, answers, strict=True) if answer == 1
    )
    found = numbers(finding.measured)
    assert found[:5] == answers
    assert longest in found
    assert finding.holds == (answers[0] == 2 and longest <= 4 * one_vs_two.PEN_RADIUS)


@pytest.mark.slow
def test_finding_of_the_training_ones(result: OneVersusTwo, training_ones: np.ndarray) -> None:
    finding = result.findings[5]
    assert "Of 6,742 training ones" in finding.measured
    lengths = np.array([overhang(one) for one in training_ones])
    share = float(re.search(r"ones ([\d.]+)%", finding.measured)[1]) / 100
    assert share == pytest.approx((lengths >= 3).mean(), abs=0.0006)
    assert finding.holds == (share < 0.5)
