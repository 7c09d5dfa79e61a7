from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from cnn_core import evaluation, models

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


@pytest.mark.parametrize("name", [name for name in models.MODELS if models.is_trained(name)])
def test_shipped_answers_agree_with_each_other(name: str) -> None:
    answers = models.load_test_answers(name)
    logits, labels = answers.logits, answers.labels
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


@pytest.mark.parametrize(("successes", "count"), [(0, 7), (1, 29), (9_871, 10_000), (5, 5)])
def test_wilson_interval_agrees_with_scipy(successes: int, count: int) -> None:
    expected = stats.binomtest(successes, count).proportion_ci(method="wilson")
    found = evaluation.wilson_interval(successes / count, count)
    assert found == pytest.approx(tuple(expected), abs=1e-7)


def test_wilson_interval_stays_between_0_and_1() -> None:
    assert evaluation.wilson_interval(1, 20) == pytest.approx((0.8389, 1), abs=5e-5)
    low, high = evaluation.wilson_interval(0, 1)
    assert low == 0 < high < 1


@pytest.mark.parametrize(("share", "count"), [(-0.1, 5), (1.1, 5), (0.5, 0), (np.nan, 5)])
def test_wilson_interval_out_of_range(share: float, count: int) -> None:
    with pytest.raises(ValueError, match="Expected share in"):
        evaluation.wilson_interval(share, count)


@pytest.mark.parametrize(
    "measure",
    [
        evaluation.accuracy,
        evaluation.confusion_matrix,
        evaluation.misclassified,
        evaluation.classification_report,
        evaluation.calibration,
        lambda logits, labels: evaluation.roc_curve(logits, labels, 0),
        lambda logits, labels: evaluation.precision_recall_curve(logits, labels, 0),
        lambda logits, labels: evaluation.mcnemar(logits, logits, labels),
    ],
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


def test_labels_that_are_no_classes() -> None:
    for labels in ([0, 1, 3, 2, 1], [0, 1, -1, 2, 1], [0, 1, 0.5, 2, 1], [0, 1, np.nan, 2, 1]):
        with pytest.raises(ValueError, match="Expected labels from 0 to 2"):
            evaluation.accuracy(LOGITS, np.array(labels))


@pytest.mark.parametrize("classes", [17, 26, 62, 256])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.float32, list])
def test_labels_of_any_type_are_counted_alike(classes: int, dtype: type) -> None:
    classes = min(classes, 128) if dtype is np.int8 else classes
    numbers = np.arange(classes).repeat(3)
    labels = numbers.tolist() if dtype is list else numbers.astype(dtype)
    logits = np.eye(classes)[numbers]
    assert evaluation.accuracy(logits, labels) == 1
    assert (evaluation.confusion_matrix(logits, labels) == 3 * np.eye(classes)).all()
    assert evaluation.classification_report(logits, labels).macro.recall == 1
    assert evaluation.mcnemar(logits, logits, labels).both_right == 3 * classes
    assert evaluation.misclassified(logits, labels) == ()
    assert evaluation.calibration(logits, labels).counts.sum() == 3 * classes


# How many images of each class (row) are given each answer (column).
TABLE = np.array([[8, 2, 0], [1, 6, 3], [1, 0, 4]])


def answers_of(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels that a confusion matrix counts."""
    labels, answers = np.nonzero(table)
    counts = table[labels, answers]
    return np.eye(len(table))[np.repeat(answers, counts)], np.repeat(labels, counts)


def test_report_of_a_table_by_hand() -> None:
    logits, labels = answers_of(TABLE)
    assert evaluation.confusion_matrix(logits, labels).tolist() == TABLE.tolist()
    report = evaluation.classification_report(logits, labels)
    assert [each.precision for each in report.classes] == [8 / 10, 6 / 8, 4 / 7]
    assert [each.recall for each in report.classes] == [8 / 10, 6 / 10, 4 / 5]
    assert [each.f1 for each in report.classes] == pytest.approx([4 / 5, 2 / 3, 2 / 3])
    assert [each.support for each in report.classes] == [10, 10, 5]
    assert report.macro.precision == pytest.approx((0.8 + 0.75 + 4 / 7) / 3)
    assert report.macro.recall == pytest.approx(2.2 / 3)
    assert report.macro.f1 == pytest.approx((0.8 + 2 / 3 + 2 / 3) / 3)
    assert report.macro.support == 25


def test_report_of_classes_that_never_occur_or_are_never_answered() -> None:
    logits, labels = answers_of(np.array([[3, 2, 0, 0], [0] * 4, [4, 0, 0, 0], [0] * 4]))
    answered, wanted, neither = evaluation.classification_report(logits, labels).classes[1:]
    assert (answered.precision, answered.recall, answered.f1, answered.support) == (0, 0, 0, 0)
    assert (wanted.precision, wanted.recall, wanted.f1, wanted.support) == (0, 0, 0, 4)
    assert (neither.precision, neither.recall, neither.f1, neither.support) == (0, 0, 0, 0)


def two_classes(scores: Sequence[float], is_second: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Logits that rank the images for class 1 as the scores do."""
    return np.stack([np.zeros(len(scores)), scores], axis=1), np.asarray(is_second)


def test_curves_of_a_ranking_by_hand() -> None:
    logits, labels = two_classes([4, 3, 2, 1, 0], [1, 0, 1, 0, 0])
    roc = evaluation.roc_curve(logits, labels, 1)
    assert roc.x.tolist() == [0, 0, 1 / 3, 1 / 3, 1]
    assert roc.y.tolist() == [0, 0.5, 0.5, 1, 1]
    assert roc.area == pytest.approx(5 / 6), "5 of the 6 pairs are in order"
    sigmoid = 1 / (1 + np.exp(-np.array([4.0, 3, 2, 0])))
    assert roc.thresholds[0] == np.inf
    np.testing.assert_allclose(roc.thresholds[1:], sigmoid)
    precision = evaluation.precision_recall_curve(logits, labels, 1)
    assert precision.x.tolist() == [0, 0.5, 0.5, 1, 1]
    np.testing.assert_allclose(precision.y, [1, 1, 1 / 2, 2 / 3, 2 / 5])
    assert precision.area == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_curves_of_a_perfect_ranking() -> None:
    logits, labels = two_classes([9, 8, 1, 0], [1, 1, 0, 0])
    roc = evaluation.roc_curve(logits, labels, 1)
    assert list(zip(roc.x, roc.y, strict=True)) == [(0, 0), (0, 1), (1, 1)]
    assert roc.area == 1
    assert evaluation.precision_recall_curve(logits, labels, 1).area == 1


def test_curves_of_an_inverted_ranking() -> None:
    logits, labels = two_classes([0, 1, 8, 9], [1, 1, 0, 0])
    assert evaluation.roc_curve(logits, labels, 1).area == 0
    area = evaluation.precision_recall_curve(logits, labels, 1).area
    assert area == pytest.approx(0.5 * 1 / 3 + 0.5 * 2 / 4)


def test_images_of_one_score_are_taken_together() -> None:
    logits, labels = two_classes([1, 1, 1, 1], [1, 0, 0, 0])
    roc = evaluation.roc_curve(logits, labels, 1)
    assert list(zip(roc.x, roc.y, strict=True)) == [(0, 0), (1, 1)]
    assert roc.area == 0.5
    assert evaluation.precision_recall_curve(logits, labels, 1).area == 0.25


def test_answers_beyond_the_precision_of_probabilities_are_still_ranked() -> None:
    logits, labels = two_classes([60, 50, 40], [1, 1, 0])
    assert evaluation.roc_curve(logits, labels, 1).area == 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("has_ties", [False, True])
def test_curves_agree_with_scikit_learn(seed: int, has_ties: bool) -> None:
    random = np.random.default_rng(seed)
    is_class, scores = random.integers(0, 2, 300), random.normal(size=300)
    scores = (scores + is_class).round(1) if has_ties else scores + is_class
    logits, labels = two_classes(scores, is_class)
    roc = evaluation.roc_curve(logits, labels, 1)
    assert roc.area == pytest.approx(metrics.roc_auc_score(is_class, scores))
    x, y, _ = metrics.roc_curve(is_class, scores, drop_intermediate=False)
    assert set(zip(roc.x, roc.y, strict=True)) < set(zip(x, y, strict=True))
    # x + y grows all along the curve: the points that are left out lie on ours.
    np.testing.assert_allclose(np.interp(x + y, roc.x + roc.y, roc.y), y, atol=1e-12)
    curve = evaluation.precision_recall_curve(logits, labels, 1)
    assert curve.area == pytest.approx(metrics.average_precision_score(is_class, scores))
    precision, recall, _ = metrics.precision_recall_curve(is_class, scores, drop_intermediate=True)
    np.testing.assert_allclose(curve.x, recall[::-1])
    np.testing.assert_allclose(curve.y, precision[::-1])


def test_a_class_is_told_from_all_others_by_its_probability() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 300)
    logits = random.normal(size=(300, 4)) + np.eye(4)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for index in range(4):
        expected = metrics.roc_auc_score(labels == index, probabilities[:, index])
        assert evaluation.roc_curve(logits, labels, index).area == pytest.approx(expected)


@pytest.mark.parametrize("measure", [evaluation.roc_curve, evaluation.precision_recall_curve])
def test_curves_of_a_class_that_never_occurs(measure) -> None:
    with pytest.raises(ValueError, match="Expected class_index to be one of the labels"):
        measure(LOGITS[:2], LABELS[:2], 2)
    with pytest.raises(ValueError, match="Received: class_index=3"):
        measure(LOGITS, LABELS, 3)


def test_a_roc_curve_needs_images_of_the_rest() -> None:
    with pytest.raises(ValueError, match="Expected labels of other classes too"):
        evaluation.roc_curve(LOGITS[:1], LABELS[:1], 0)
    assert evaluation.precision_recall_curve(LOGITS[:1], LABELS[:1], 0).area == 1


def test_calibration_by_hand() -> None:
    # Four answers of probability 0.6, one of them right, and one sure answer, which is right.
    sixty = [np.log(0.6), np.log(0.4)]
    logits, labels = np.array([*[sixty] * 4, [50.0, 0]]), np.array([0, 1, 1, 1, 0])
    found = evaluation.calibration(logits, labels, bins=4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.counts.tolist() == [0, 0, 4, 1]
    np.testing.assert_allclose(found.confidence, [np.nan, np.nan, 0.6, 1], rtol=1e-6)
    np.testing.assert_allclose(found.accuracy, [np.nan, np.nan, 0.25, 1])
    assert found.error == pytest.approx(4 / 5 * 0.35)


def test_a_bin_holds_its_upper_edge() -> None:
    even = np.zeros((1, 2))
    assert evaluation.calibration(even, np.array([0]), bins=2).counts.tolist() == [1, 0]


def test_one_bin_compares_the_means() -> None:
    found = evaluation.calibration(LOGITS, LABELS, bins=1)
    assert found.error == pytest.approx(abs(found.confidence[0] - 3 / 5))


def test_calibration_without_bins() -> None:
    with pytest.raises(ValueError, match="Received: bins=0"):
        evaluation.calibration(LOGITS, LABELS, bins=0)


def pair(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, ...]:
    """Logits of two networks and labels with these counts of right answers."""
    counts = [both, first, second, neither]
    right = np.eye(2)[np.repeat([0, 0, 1, 1], counts)], np.eye(2)[np.repeat([0, 1, 0, 1], counts)]
    return *right, np.zeros(sum(counts), int)


@pytest.mark.parametrize(
    ("counts", "p_value"),
    [
        ((5, 10, 0, 2), 2 * 0.5**10),
        ((5, 0, 10, 2), 2 * 0.5**10),
        ((5, 0, 0, 2), 1),
        ((5, 3, 3, 2), 1),
        ((0, 1, 0, 0), 1),
        ((0, 5, 1, 0), 2 * 7 / 64),
    ],
)
def test_mcnemar_by_hand(counts: tuple[int, int, int, int], p_value: float) -> None:
    found = evaluation.mcnemar(*pair(*counts))
    assert found == evaluation.McNemar(*counts, pytest.approx(p_value))


def test_mcnemar_is_significant_below_5_percent() -> None:
    assert not evaluation.mcnemar(*pair(3, 5, 0, 1)).is_significant  # 2 / 2**5
    assert evaluation.mcnemar(*pair(3, 6, 0, 1)).is_significant  # 2 / 2**6


def test_mcnemar_agrees_with_the_binomial_test() -> None:
    for first, second in ((60, 41), (12, 31), (500, 430)):
        expected = stats.binomtest(first, first + second).pvalue
        assert evaluation.mcnemar(*pair(900, first, second, 7)).p_value == pytest.approx(expected)


def test_disagreements_by_hand() -> None:
    other = LOGITS.copy()
    other[1, 0] = other[4, 2] = 9
    assert evaluation.disagreements(LOGITS, other).tolist() == [1, 4]
    assert evaluation.disagreements(LOGITS, 2 * LOGITS).tolist() == []
    with pytest.raises(ValueError, match="Expected the logits of two networks"):
        evaluation.disagreements(LOGITS, LOGITS[:2])


def test_a_summary_repeats_what_the_single_measures_say() -> None:
    logits, labels = answers_of(TABLE)
    found = evaluation.summarise(logits, labels)
    assert found.accuracy == 18 / 25
    assert found.interval == evaluation.wilson_interval(18 / 25, 25)
    assert found.macro_f1 == evaluation.classification_report(logits, labels).macro.f1
    assert (found.lowest_precision, found.lowest_recall) == (4 / 7, 6 / 10)
    areas = [evaluation.roc_curve(logits, labels, i).area for i in range(3)]
    assert found.mean_auc == pytest.approx(sum(areas) / 3)
    assert found.calibration_error == evaluation.calibration(logits, labels).error
