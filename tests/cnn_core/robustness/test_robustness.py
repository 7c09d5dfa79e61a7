"""Changes of a picture: known answers first, then what holds for every row."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from cnn_core import datasets, inference
from cnn_core.errors import UnknownNameError
from cnn_core.robustness import PERTURBATIONS, Perturbation, get, perturb, sweep
from support.networks import linear, picture, small

ROWS = tuple(PERTURBATIONS.values())
ATTACKS = tuple(row for row in ROWS if row.needs_model)
SHAPES = ((20, 28, 1), (9, 6, 3))


def ids(value: object) -> str:
    return value.name if isinstance(value, Perturbation) else "x".join(map(str, value))  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def networks() -> dict[tuple[int, ...], keras.Model]:
    return {shape: small(shape, seed=3) for shape in SHAPES}


def ends(row: Perturbation) -> list[float]:
    return [end for end in (row.minimum, row.maximum) if end]


# --- What happens by itself, worked out by hand ---


def test_a_quarter_turn_is_exact_and_clockwise() -> None:
    square = picture((7, 7, 3))
    turned = perturb(square, "rotation", 90)
    np.testing.assert_allclose(turned, np.rot90(square, -1), atol=1e-5)
    back = perturb(square, "rotation", -90)
    np.testing.assert_allclose(back, np.rot90(square), atol=1e-5)


def test_a_half_turn_of_what_is_not_square() -> None:
    image = picture((6, 9, 1))
    np.testing.assert_allclose(perturb(image, "rotation", 180), image[::-1, ::-1], atol=1e-5)


def test_what_looks_the_same_turned_is_not_changed_by_turning() -> None:
    y, x = np.indices((21, 21)) - 10
    hill = np.exp(-(x**2 + y**2) / 15).astype(np.float32)[..., None]
    for degrees in (17, 45, -60):
        np.testing.assert_allclose(perturb(hill, "rotation", degrees), hill, atol=0.03)


def test_shift_by_whole_pixels_to_the_right_and_down() -> None:
    image = picture((6, 9, 1))
    right = perturb(image, "shift", 2)
    np.testing.assert_allclose(right[:, 2:], image[:, :-2], atol=1e-6)
    np.testing.assert_allclose(right[:, :2], np.repeat(image[:, :1], 2, axis=1), atol=1e-6)
    up = perturb(image, "shift", -3, direction="up and down")
    np.testing.assert_allclose(up[:-3], image[3:], atol=1e-6)


def test_half_a_pixel_of_shift_is_the_mean_of_two_neighbours() -> None:
    image = picture((6, 9, 1))
    moved = perturb(image, "shift", 0.5)
    np.testing.assert_allclose(moved[:, 1:], (image[:, 1:] + image[:, :-1]) / 2, atol=1e-6)


def test_scale_is_measured_in_percent_of_the_size() -> None:
    image = np.zeros((41, 61, 1), np.float32)
    image[16:25, 20:41] = 1  # 9 x 21 about the middle
    for percent, height, width in ((100, 18, 42), (-50, 4.5, 10.5), (50, 13.5, 31.5)):
        ink = perturb(image, "scale", percent)[..., 0]
        assert ink.sum(axis=0).max() == pytest.approx(height, abs=0.6)
        assert ink.sum(axis=1).max() == pytest.approx(width, abs=0.6)
        np.testing.assert_allclose(ink, ink[::-1, ::-1], atol=1e-5)


def test_thickness_moves_every_edge() -> None:
    image = np.zeros((12, 20, 1), np.float32)
    image[4:7] = 1  # a line 3 pixels wide
    for strength, width in ((1, 5), (2, 7), (0.5, 4), (1.25, 5.5), (-1, 1), (-0.5, 2), (-2, 0)):
        assert perturb(image, "thickness", strength)[:, 10].sum() == pytest.approx(width)


def test_blur_of_one_pixel_is_a_bell_curve() -> None:
    image = np.zeros((31, 41, 1), np.float32)
    image[15, 20] = 1
    y, x = np.indices((31, 41))
    for deviation in (1.0, 2.5):
        bell = np.exp(-((y - 15) ** 2 + (x - 20) ** 2) / (2 * deviation**2))
        blurred = perturb(image, "blur", deviation)[..., 0]
        np.testing.assert_allclose(blurred, bell / bell.sum(), atol=2e-3)
        assert blurred.sum() == pytest.approx(1, abs=1e-4)


def test_contrast_grows_about_the_mean_of_each_channel() -> None:
    image = np.array([[0.2, 0.4], [0.6, 0.8]], np.float32)[..., None] * np.array([1, 0.5], "f4")
    half = perturb(image, "contrast", -50)
    np.testing.assert_allclose(half[..., 0], [[0.35, 0.45], [0.55, 0.65]], atol=1e-6)
    np.testing.assert_allclose(half[..., 1], half[..., 0] / 2, atol=1e-6)
    even = perturb(image, "contrast", -100)
    np.testing.assert_allclose(even, np.broadcast_to([0.5, 0.25], image.shape), atol=1e-6)
    more = perturb(image[..., :1], "contrast", 100)
    np.testing.assert_allclose(more[..., 0], [[0, 0.3], [0.7, 1]], atol=1e-6)


def test_a_bar_covers_its_width_and_no_more() -> None:
    image = picture((8, 11, 3)) * np.float32(0.4)
    covered = perturb(image, "bar", 3, fill="white")
    is_bar = np.zeros(11, bool)
    is_bar[4:7] = True
    np.testing.assert_array_equal(covered[:, is_bar], 1)
    np.testing.assert_array_equal(covered[:, ~is_bar], image[:, ~is_bar])
    level = perturb(image, "bar", 3, orientation="level", position=0, fill="grey")
    np.testing.assert_array_equal(level[0], 0.5)  # half of the bar lies outside
    np.testing.assert_allclose(level[1], (image[1] + 0.5) / 2, atol=1e-6)
    np.testing.assert_array_equal(level[2:], image[2:])


def test_noise_has_the_strength_as_its_deviation() -> None:
    grey = np.full((200, 150, 1), 0.5, np.float32)
    grain = perturb(grey, "noise", 0.1, seeds=7) - grey
    assert grain.std() == pytest.approx(0.1, rel=0.02)
    assert grain.mean() == pytest.approx(0, abs=0.002)
    twice = perturb(grey, "noise", 0.05, seeds=7) - grey
    np.testing.assert_allclose(2 * twice, grain, atol=1e-6)


# --- Attacks on a network whose loss is known ---


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    """Of a linear network with two classes; some pixels speak for neither."""
    found = np.random.default_rng(1).normal(size=(6, 9, 1, 2)).astype(np.float32)
    found[0, :3] = 0
    return found


def margins(model: keras.Model, images: np.ndarray) -> np.ndarray:
    logits = inference.logits(model, images)
    return logits[:, 0] - logits[:, 1]


@pytest.mark.slow
def test_fgsm_takes_its_strength_times_the_sum_of_the_weights(weights: np.ndarray) -> None:
    model = linear(weights)
    images = np.full((2, 6, 9, 1), 0.5, np.float32)
    reach = np.abs(weights[..., 0] - weights[..., 1]).sum()
    before = margins(model, images)
    for kind in ("fgsm", "pgd"):  # where the loss is straight, one step is the worst
        away = perturb(images, kind, [0.1, 0.3], model=model, labels=[0, 1])
        fall = before - margins(model, away)
        np.testing.assert_allclose(fall, [0.1 * reach, -0.3 * reach], rtol=1e-5)
        towards = perturb(images, kind, [0.1, 0.3], model=model, targets=[1, 0])
        np.testing.assert_allclose(margins(model, towards), before - fall, rtol=1e-5)
    np.testing.assert_array_equal(
        perturb(images, "fgsm", 0.2, model=model)[:, 0, :3], images[:, 0, :3]
    )


def test_fgsm_attacks_the_answer_unless_told_otherwise(weights: np.ndarray) -> None:
    model, images = linear(weights), np.stack([picture((6, 9, 1), seed) for seed in range(8)])
    answers = inference.predict(model, images).classes
    assert set(answers) == {0, 1}
    np.testing.assert_array_equal(
        perturb(images, "fgsm", 0.1, model=model),
        perturb(images, "fgsm", 0.1, model=model, labels=answers),
    )


def test_a_network_without_any_doubt_can_be_attacked(weights: np.ndarray) -> None:
    """With logits 1,000 apart the cross-entropy and its gradient are 0 to the last bit."""
    images = picture((1, 6, 9, 1))
    sure, plain = linear(1000 * weights), linear(weights)
    assert inference.predict(sure, images).confidences == 1
    np.testing.assert_array_equal(
        perturb(images, "fgsm", 0.1, model=sure), perturb(images, "fgsm", 0.1, model=plain)
    )


def test_the_way_of_an_attack_is_the_gradient_of_the_cross_entropy() -> None:
    import tensorflow as tf

    model, images = small(seed=5), picture((4, 20, 28, 1))
    for classes in ([0, 1, 2, 0], [2, 2, 1, 1]):
        with tf.GradientTape() as tape:
            pixels = tf.Variable(images)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, model(pixels))
        slope = tape.gradient(loss, pixels).numpy()
        expected = np.clip(images + np.float32(0.05) * np.sign(slope), 0, 1)
        found = perturb(images, "fgsm", 0.05, model=model, labels=classes)
        is_clear = np.abs(slope) > 1e-6 * np.abs(slope).max()
        assert is_clear.mean() > 0.5
        np.testing.assert_allclose(found[is_clear], expected[is_clear], atol=1e-6)


def losses(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    logits = inference.logits(model, images).astype(np.float64)
    peak = logits.max(axis=1, keepdims=True)
    sums = np.log(np.exp(logits - peak).sum(axis=1)) + peak[:, 0]
    return sums - logits[np.arange(len(labels)), labels]


def test_pgd_is_never_weaker_than_fgsm_and_mostly_stronger(
    study: keras.Model, test_split: datasets.Split
) -> None:
    images, labels = test_split.images[:40], test_split.labels[:40]

    def loss_after(kind: str, **options: int) -> np.ndarray:
        changed = perturb(images, kind, 0.15, model=study, labels=labels, **options)
        return losses(study, changed, labels)

    one, first, many = loss_after("fgsm"), loss_after("pgd", steps=1), loss_after("pgd", steps=10)
    assert (first >= one - 1e-4).all()
    assert (many >= one - 1e-4).all()
    assert (many > one + 0.1).mean() > 0.8


def test_more_steps_find_worse_pictures(study: keras.Model, test_split: datasets.Split) -> None:
    images, labels = test_split.images[:20], test_split.labels[:20]
    few, many = (
        losses(study, perturb(images, "pgd", 0.1, model=study, labels=labels, steps=n), labels)
        for n in (2, 10)
    )
    assert many.mean() > few.mean()


def test_a_targeted_attack_makes_it_a_three(study: keras.Model, test_split: datasets.Split) -> None:
    images = test_split.images[:10]
    made = perturb(images, "pgd", 0.25, model=study, targets=3)
    before, after = (inference.predict(study, each).probabilities[:, 3] for each in (images, made))
    assert (after >= before - 1e-6).all()
    assert (inference.predict(study, made).classes == 3).mean() > 0.5


# --- What holds for every row ---


@pytest.mark.parametrize("shape", SHAPES, ids=ids)
@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_contract(
    row: Perturbation, shape: tuple[int, ...], networks: dict[tuple[int, ...], keras.Model]
) -> None:
    model, images = networks[shape], np.stack([picture(shape, seed) for seed in range(3)])
    kept = images.copy()
    numbers = [4, 5, 6]
    full = np.random.default_rng(0).random((40, *shape), np.float32)
    np.testing.assert_array_equal(perturb(full, row.name, 0, model=model), full)
    for strength in ends(row):
        found = perturb(images, row.name, strength, seeds=numbers, model=model)
        assert found.dtype == np.float32
        assert found.shape == images.shape
        assert np.isfinite(found).all()
        assert found.min() >= 0
        assert found.max() <= 1
        assert all(not np.array_equal(*pair) for pair in zip(found, images, strict=True))
        again = perturb(images, row.name, strength, seeds=numbers, model=model)
        np.testing.assert_array_equal(found, again)
        singles = [
            perturb(image, row.name, strength, seeds=seed, model=model)
            for image, seed in zip(images, numbers, strict=True)
        ]
        np.testing.assert_allclose(found, singles, atol=1e-6)
    np.testing.assert_array_equal(images, kept)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_every_image_has_a_strength_of_its_own(
    row: Perturbation, networks: dict[tuple[int, ...], keras.Model]
) -> None:
    model, images = networks[SHAPES[0]], np.repeat(picture((1, *SHAPES[0])), 3, axis=0)
    strengths = [0, row.default, row.maximum]
    found = perturb(images, row.name, strengths, model=model)
    for image, strength in zip(found, strengths, strict=True):
        alone = perturb(images[0], row.name, strength, model=model)
        np.testing.assert_allclose(image, alone, atol=1e-6)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_a_little_changes_a_little(
    row: Perturbation, networks: dict[tuple[int, ...], keras.Model]
) -> None:
    model, image = networks[SHAPES[0]], picture(SHAPES[0])
    changes = [
        np.abs(perturb(image, row.name, row.maximum * share, model=model) - image).mean()
        for share in (1e-3, 1e-2, 0.3)
    ]
    assert changes[0] <= changes[1] < changes[2]
    assert changes[0] < 0.02


@pytest.mark.parametrize("row", ATTACKS, ids=ids)
def test_an_attack_stays_within_its_strength(
    row: Perturbation, networks: dict[tuple[int, ...], keras.Model]
) -> None:
    shape = SHAPES[1]
    images = np.stack([picture(shape, seed) for seed in range(4)])
    for strength in (0.01, 0.2):
        found = perturb(images, row.name, strength, seeds=range(4), model=networks[shape])
        assert np.abs(found - images).max() <= strength + 1e-6


@pytest.mark.parametrize("name", [row.name for row in ROWS if row.needs_seed])
def test_another_seed_gives_another_picture(
    name: str, study: keras.Model, digit: np.ndarray
) -> None:
    found = [perturb(digit, name, 0.1, seeds=seed, model=study) for seed in (1, 2)]
    assert not np.array_equal(*found)


@pytest.mark.parametrize("row", [row for row in ROWS if row.options], ids=ids)
def test_every_option_changes_the_picture(
    row: Perturbation, study: keras.Model, digit: np.ndarray
) -> None:
    usual = perturb(digit, row.name, row.default, model=study)
    for option in row.options:
        other = option.choices[-1] if option.choices else int(option.minimum)
        changed = perturb(digit, row.name, row.default, model=study, **{option.name: other})
        assert not np.array_equal(changed, usual), option.name
        told = {option.name: option.choices[0] if option.choices else option.default}
        np.testing.assert_array_equal(
            perturb(digit, row.name, row.default, model=study, **told), usual
        )


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_row(row: Perturbation) -> None:
    assert PERTURBATIONS[row.name] is row
    for dataset in datasets.DATASETS.values():
        fitted = row.fitted(dataset)
        assert fitted.minimum <= 0 < fitted.maximum
        assert fitted.minimum <= fitted.default <= fitted.maximum
        assert fitted.default != 0
        assert row.lowest <= fitted.minimum
        assert 0 in fitted.measured
        assert list(fitted.measured) == sorted(set(fitted.measured))
        assert fitted.minimum <= min(fitted.measured) <= max(fitted.measured) <= fitted.maximum
        for strengths in (fitted.strengths(61), fitted.strengths(16)):
            assert 0 in strengths
            np.testing.assert_allclose(np.diff(strengths, 2), 0, atol=1e-8)
        assert 12 <= len(fitted.strengths(61)) <= 62
    assert row.help
    assert "Reference" not in row.help
    assert row.paper.startswith("https://") == row.needs_model


def test_strengths_are_in_proportion_to_the_pictures() -> None:
    names = ("mnist", "cifar10", "sign_digits")
    digits, colour, signs = (get("shift").fitted(datasets.get(name)) for name in names)
    assert (digits.maximum, colour.maximum, signs.maximum) == (10, 10, 20)
    digits, colour, signs = (get("fgsm").fitted(datasets.get(name)) for name in names)
    assert digits.measured[-1] == 0.3
    assert colour.measured == signs.measured == (0, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03)
    thick = get("thickness")
    assert [thick.fits(datasets.get(name)) for name in names] == [True, False, False]
    assert all(get("blur").fits(datasets.get(name)) for name in names)
    assert thick.strengths(61)[0] == -2
    assert thick.strengths(61)[-1] == 3


# --- One image, every strength ---


def test_sweep_says_where_the_answer_turns() -> None:
    """The left half speaks for class 0, the right for 1; a bright left wins until it moved out."""
    weights = np.zeros((4, 8, 1, 3), np.float32)
    weights[:, :4, :, 0] = weights[:, 4:, :, 1] = 1
    image = np.zeros((4, 8, 1), np.float32)
    image[:, 2] = 1
    found = sweep(linear(weights), image, "shift", [-1, 0, 1, 2, 3])
    assert found.answers.tolist() == [0, 0, 0, 1, 1]
    assert found.answer == 0
    up, down = found.hold(1), found.hold(-1)
    assert up is not None
    assert (up.last, up.turn, up.answer) == (1, 2, 1)
    assert down is not None
    assert (down.last, down.turn, down.answer) == (-1, None, None)
    assert sweep(linear(weights), image, "shift", [0, 1]).hold(-1) is None
    at_once = sweep(linear(weights), image, "shift", [0, 2]).hold(1)
    assert at_once is not None
    assert (at_once.last, at_once.turn) == (0, 2)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_sweep_is_what_the_network_says_to_each_picture(
    row: Perturbation, study: keras.Model, digit: np.ndarray
) -> None:
    strengths = sorted({row.minimum, 0, row.default, row.maximum})
    found = sweep(study, digit, row.name, strengths, seeds=2)
    for strength, probabilities in zip(strengths, found.probabilities, strict=True):
        changed = perturb(digit, row.name, strength, seeds=2, model=study)
        expected = inference.predict(study, changed).probabilities[0]
        np.testing.assert_allclose(probabilities, expected, atol=1e-4)


# --- Bad input ---


BLANK = np.zeros((20, 28, 1), np.float32)
POINT = BLANK.copy()
POINT[10, 14] = 1


@pytest.mark.parametrize("row", ROWS, ids=ids)
@pytest.mark.parametrize("image", [BLANK, BLANK + 1, POINT], ids=["blank", "all ink", "one pixel"])
def test_a_picture_of_nothing_is_changed_like_any_other(
    row: Perturbation, image: np.ndarray, networks: dict[tuple[int, ...], keras.Model]
) -> None:
    model = networks[SHAPES[0]]
    for strength in ends(row):
        found = perturb(image, row.name, strength, model=model)
        assert np.isfinite(found).all()
    answers = sweep(model, image, row.name, [0, row.maximum])
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1, atol=1e-6)


BAD = {
    "NaN": ({"images": np.full((20, 28, 1), np.nan)}, r"images in \[0, 1\]. Received: .*NaN"),
    "too bright": ({"images": BLANK + 2}, r"images in \[0, 1\]"),
    "flat": ({"images": np.zeros((20, 28))}, r"Received: images.shape=\(20, 28\)"),
    "empty": ({"images": np.zeros((0, 28, 1))}, r"images.shape=\(0, 28, 1\)"),
    "wrong size": ({"images": np.zeros((28, 20, 1))}, r"shape \(20, 28, 1\)"),
    "name": ({"name": "fog"}, "There is no change 'fog'. Choose one of: rotation,"),
    "strength NaN": ({"strengths": math.nan}, "Expected strengths of FGSM attack to be finite"),
    "strength": ({"strengths": -0.1}, "at least 0 of full brightness. Received: strengths=-0.1"),
    "strengths": ({"strengths": [0.1, 0.2]}, "one for each of 1 images"),
    "label": ({"labels": 3}, "Expected labels to be classes from 0 to 2. Received: labels=3"),
    "target": ({"targets": -1}, "Expected targets to be classes from 0 to 2"),
    "half a class": ({"targets": 0.5}, "Expected targets to be classes from 0 to 2"),
    "option": ({"colour": 1}, "Expected options of FGSM attack: none. Received: colour=1"),
    "option's value": ({"name": "pgd", "steps": 0}, "Expected steps to be a whole number from 1"),
    "no model": ({"model": None}, "Expected a model: FGSM attack is made to mislead a network"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_sentence(case: str, networks: dict[tuple[int, ...], keras.Model]) -> None:
    wrong, sentence = BAD[case]
    usual = {"images": BLANK, "name": "fgsm", "strengths": 0.1, "model": networks[SHAPES[0]]}
    arguments = {**usual, **wrong}
    error = UnknownNameError if case == "name" else ValueError
    with pytest.raises(error, match=sentence):
        perturb(arguments.pop("images"), arguments.pop("name"), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("strengths", [[1, 2], [0, 2, 1], 3.0])
def test_sweep_wants_strengths_that_rise_from_or_to_zero(strengths: object) -> None:
    model = linear(np.ones((2, 3, 1, 2), np.float32))
    with pytest.raises(ValueError, match="Expected strengths that rise, 0 among them"):
        sweep(model, np.zeros((2, 3, 1)), "shift", strengths)  # type: ignore[arg-type]


def test_no_images_give_no_images() -> None:
    nothing = np.zeros((0, 6, 9, 1), np.float32)
    model = linear(np.ones((6, 9, 1, 2), np.float32))
    for row in ROWS:
        assert perturb(nothing, row.name, row.default, model=model).shape == nothing.shape
