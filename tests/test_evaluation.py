from __future__ import annotations

import numpy as np
import pytest

from cnn_core import evaluation, models
from cnn_core.datasets import Split

# Answers 0, 1, 1, 2, 0 to the labels 0, 1, 2, 2, 1.
LOGITS = np.array(
    [[3, 1, 0], [0, 2, 1], [0, 2.5, 2], [-1, 0, 5], [4, 1, 2]],
    np.float32,
)
LABELS = np.array([0, 1, 2, 2, 1])


def test_accuracy_by_hand() -> None:
    assert evaluation.accuracy(LOGITS, LABELS) == 3 / 5
    assert evaluation.accuracy(LOGITS[:2], LABELS[:2]) == 1
    assert evaluation.accuracy(LOGITS[4:], LABELS[4:]) == 0


def test_confusion_matrix_by_hand() -> None:
    found = evaluation.confusion_matrix(LOGITS, LABELS)
    assert found.tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1]]
    assert np.issubdtype(found.dtype, np.integer)


def test_confusion_matrix_keeps_classes_that_never_occur() -> None:
    assert evaluation.confusion_matrix(LOGITS[:1], LABELS[:1]).tolist() == [
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
    ]


def test_misclassified_by_hand() -> None:
    first, second = evaluation.misclassified(LOGITS, LABELS)
    assert (first.index, first.label, first.answer, first.second) == (2, 2, 1, 2)
    assert first.margin == pytest.approx(0.5)
    exponentials = np.exp([0, 2.5, 2])
    assert first.confidence == pytest.approx(exponentials[1] / exponentials.sum(), rel=1e-6)
    assert first.second_probability == pytest.approx(exponentials[2] / exponentials.sum(), rel=1e-6)
    # The true class need not be the second one.
    assert (second.index, second.label, second.answer, second.second) == (4, 1, 0, 2)
    assert second.margin == pytest.approx(3)


def test_nothing_misclassified() -> None:
    assert evaluation.misclassified(LOGITS[:2], LABELS[:2]) == ()


def test_a_tie_goes_to_the_first_class_everywhere() -> None:
    tied = np.array([[1, 1, 0]], np.float32)
    assert evaluation.accuracy(tied, np.array([0])) == 1
    (mistake,) = evaluation.misclassified(tied, np.array([1]))
    assert (mistake.answer, mistake.second, mistake.margin) == (0, 1, 0)
    assert mistake.confidence == mistake.second_probability
    assert evaluation.confusion_matrix(tied, np.array([1]))[1].tolist() == [1, 0, 0]


def test_mistakes_agree_with_accuracy_where_probabilities_are_equal() -> None:
    near = np.array([[0, 1e-9]], np.float32)
    assert evaluation.accuracy(near, np.array([1])) == 1
    assert evaluation.misclassified(near, np.array([1])) == ()


@pytest.mark.parametrize("name", models.MODELS)
def test_shipped_answers_agree_with_each_other(name: str, test_split: Split) -> None:
    logits, labels = models.load_test_logits(name), test_split.labels
    accuracy = evaluation.accuracy(logits, labels)
    matrix = evaluation.confusion_matrix(logits, labels)
    mistakes = evaluation.misclassified(logits, labels)
    assert matrix.sum() == len(labels)
    assert matrix.sum(axis=1).tolist() == np.bincount(labels).tolist()
    assert matrix.trace() / len(labels) == pytest.approx(accuracy)
    assert len(mistakes) == len(labels) - matrix.trace()
    assert [mistake.index for mistake in mistakes] == sorted(mistake.index for mistake in mistakes)
    for mistake in mistakes:
        assert mistake.answer != mistake.label == labels[mistake.index]
        assert mistake.margin > 0
        assert 1 >= mistake.confidence >= mistake.second_probability > 0


def test_wilson_interval_of_known_cases() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    assert evaluation.wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert evaluation.wilson_interval(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert evaluation.wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert evaluation.wilson_interval(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_wilson_interval_stays_between_0_and_1() -> None:
    assert evaluation.wilson_interval(1, 20) == pytest.approx((0.8389, 1), abs=5e-5)
    low, high = evaluation.wilson_interval(0, 1)
    assert low == 0 < high < 1


@pytest.mark.parametrize(("share", "count"), [(-0.1, 5), (1.1, 5), (0.5, 0), (np.nan, 5)])
def test_wilson_interval_out_of_range(share: float, count: int) -> None:
    with pytest.raises(ValueError, match="Expected share in"):
        evaluation.wilson_interval(share, count)


@pytest.mark.parametrize(
    "measure", [evaluation.accuracy, evaluation.confusion_matrix, evaluation.misclassified]
)
@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.zeros((0, 3)), np.zeros(0, int)),
        (np.zeros((2, 3)), np.zeros(3, int)),
        (np.zeros(3), np.zeros(3, int)),
    ],
)
def test_arrays_that_do_not_fit(measure, logits: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"Expected logits \(n, classes\)"):
        measure(logits, labels)
