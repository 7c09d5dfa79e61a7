from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from cnn_core import datasets, evaluation, inference, models
from cnn_core.errors import MissingFileError, UnknownNameError
from cnn_core.models.layers import (
    LENET_CONNECTIONS,
    IdentityShortcut,
    LocalResponseNormalization,
)
from support.paths import ROOT

# On the test set, as published or better; where nothing was published, what this project asks.
BARS = {
    "study": 0.9922, "robust": 0.9960, "tutorial": 0.9931, "strided": 0.985, "ann": 0.9750,
    "first_cnn": 0.9862, "report": 0.9950, "lenet5": 0.985,
    "cifar_deep": 0.75, "cifar_simple": 0.55, "course_cifar": 0.72, "resnet20": 0.80,
    "course_cnn": 0.9225,
}  # fmt: skip
# Exact up to the order in which a batch sums, but for half the digits.
TOLERANCE = 1e-2
SHIPPED_MEGABYTES = 60

every_model = pytest.mark.parametrize("name", models.MODELS)


@pytest.mark.slow
@every_model
def test_golden_logits(name: str) -> None:
    """The shipped weights still say what they said when the card was written; no data needed."""
    card, spec = models.load_card(name), models.get(name)
    logits = inference.logits(models.load_pretrained(name), models.golden_images(spec.input_shape))
    np.testing.assert_allclose(logits, card.golden_logits, atol=TOLERANCE)


def test_golden_images_stay_the_same() -> None:
    images = models.golden_images((2, 3, 1))
    assert images.shape == (4, 2, 3, 1)
    assert images[0, 0, 0, 0] == pytest.approx(0.892253)


@pytest.fixture(scope="module", params=models.MODELS)
def recomputed(request: pytest.FixtureRequest) -> tuple[str, np.ndarray, np.ndarray]:
    """A network's name, its logits of the first test images made anew, and the labels."""
    name = request.param
    dataset = models.get(name).dataset
    if datasets.find(dataset) is None:
        pytest.skip(f"{datasets.get(dataset).title} is not on this machine")
    test = datasets.load(dataset, split="test")
    # The whole test set where that takes a second, else enough of it to notice other pictures.
    count = len(test.images) if models.get(name).input_shape[0] == 28 else 400
    images = test.images[:count]
    return name, inference.logits(models.load_pretrained(name), images), test.labels


@pytest.mark.slow
def test_shipped_answers_are_those_of_the_weights(
    recomputed: tuple[str, np.ndarray, np.ndarray],
) -> None:
    name, logits, labels = recomputed
    shipped = models.load_test_answers(name)
    assert shipped.logits.dtype == np.float32
    np.testing.assert_array_equal(shipped.labels, labels)
    np.testing.assert_allclose(shipped.logits[: len(logits)], logits, atol=TOLERANCE)


@every_model
def test_accuracy_is_what_the_card_says(name: str) -> None:
    card, answers = models.load_card(name), models.load_test_answers(name)
    accuracy = evaluation.accuracy(answers.logits, answers.labels)
    assert accuracy == pytest.approx(card.test_accuracy, abs=1e-9)
    assert len(answers.labels) == datasets.get(card.dataset).split_sizes["test"]
    low, high = card.test_accuracy_interval_95
    assert low < accuracy < high


@pytest.mark.parametrize("name", BARS)
def test_accuracy_reaches_its_bar(name: str) -> None:
    assert models.load_card(name).test_accuracy >= BARS[name] - 5e-7


def test_tuned_network_reads_every_class() -> None:
    answers = models.load_test_answers("report")
    matrix = evaluation.confusion_matrix(answers.logits, answers.labels)
    right = np.diag(matrix)
    assert (right / matrix.sum(axis=1)).min() >= 0.99  # recall
    assert (right / matrix.sum(axis=0)).min() >= 0.99  # precision


def test_robust_network_is_small() -> None:
    assert models.get("robust").num_parameters < 600_000


def test_shipped_files_are_small() -> None:
    total = sum(path.stat().st_size for path in models.PRETRAINED.rglob("*") if path.is_file())
    assert total < SHIPPED_MEGABYTES * 1e6


@pytest.mark.slow
@pytest.mark.parametrize("name", models.MODELS | models.UNTRAINED)
def test_built_network_is_as_its_row_says(name: str) -> None:
    row = models.architecture(name)
    if row.num_parameters > 50_000_000:
        pytest.skip("half a gigabyte of weights; the table of its layers is tested")
    model = models.build(name)
    assert not isinstance(model, keras.Sequential)
    assert model.name == name
    assert model.count_params() == row.num_parameters
    assert model.input_shape == (None, *row.input_shape)
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)
    last = model.layers[-1]
    assert last.name == "logits"
    assert getattr(last, "activation", None) in (None, keras.activations.linear)


def test_study_layers() -> None:
    """Two 3x3 convolutions, one 2x2 pooling, a dense layer of 128: the source's network."""
    model = models.build("study")
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes == {
        "image": (28, 28, 1),
        "conv1": (26, 26, 32),
        "conv2": (24, 24, 64),
        "pool": (12, 12, 64),
        "dropout1": (12, 12, 64),
        "flatten": (9216,),
        "dense": (128,),
        "dropout2": (128,),
        "logits": (10,),
    }


@every_model
def test_row_says_all_that_a_page_shows(name: str) -> None:
    spec = models.get(name)
    assert spec.name == name
    dataset = datasets.get(spec.dataset)
    assert spec.input_shape == dataset.image_shape
    assert spec.class_names == dataset.class_names
    for text in (spec.title, spec.description, spec.source):
        assert text.strip()
    assert spec.published_accuracy is None or 0.5 < spec.published_accuracy <= 1


def test_published_recipe_or_the_reason_why_not() -> None:
    """The rows that were published elsewhere say where their training departs from it."""
    for spec in models.MODELS.values():
        assert spec.training.departures or spec.name == "robust"


def test_every_network_has_a_title_of_its_own() -> None:
    titles = [row.title for row in (models.MODELS | models.UNTRAINED).values()]
    assert len(set(titles)) == len(titles)


def test_dense_network_scales_its_input() -> None:
    """`ann` looks at pixels / 255 - 0.5: with all weights 1 a black image sums to -392."""
    model = models.build("ann")
    inner = keras.Model(model.inputs[0], model.get_layer("flatten").output)
    np.testing.assert_allclose(inner(np.zeros((1, 28, 28, 1))), np.full((1, 784), -0.5))


def test_partial_connections_of_lenet() -> None:
    """A filter of C3 answers to the maps of its row in the paper's table and to no other."""
    layer = models.build("lenet5").get_layer("c3")
    assert layer.count_params() == 1_516
    for source in range(6):
        maps = np.zeros((1, 5, 5, 6), np.float32)
        maps[..., source] = 1
        answers = layer(maps) - layer(0 * maps)
        seen = {i for i in range(16) if abs(float(answers[0, 0, 0, i])) > 1e-6}
        assert seen == {i for i, sources in enumerate(LENET_CONNECTIONS) if source in sources}


def test_identity_shortcut_thins_out_and_pads() -> None:
    maps = np.arange(2 * 4 * 6, dtype=np.float32).reshape(1, 4, 6, 2)
    answers = np.array(IdentityShortcut(5, 2)(maps))
    np.testing.assert_array_equal(answers[..., :2], maps[:, ::2, ::2])
    np.testing.assert_array_equal(answers[..., 2:], np.zeros((1, 2, 3, 3)))


def test_local_response_normalization_divides_by_its_neighbours() -> None:
    maps = np.zeros((1, 1, 1, 7), np.float32)
    maps[..., 3] = 100
    answers = np.array(LocalResponseNormalization()(maps))[0, 0, 0]
    assert answers[3] == pytest.approx(100 / 3**0.75, rel=1e-5)
    assert not answers[[0, 1, 2, 4, 5, 6]].any()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "resnet20"])
def test_networks_with_layers_of_our_own_are_saved_and_loaded(name: str, tmp_path: Path) -> None:
    model = models.build(name)
    model.save(tmp_path / "own.keras")
    again = keras.models.load_model(tmp_path / "own.keras")
    images = models.golden_images(models.get(name).input_shape)
    np.testing.assert_allclose(again(images), model(images), atol=1e-5)


@every_model
def test_card_describes_the_shipped_files(name: str) -> None:
    spec, card = models.get(name), models.load_card(name)
    assert card.name == name
    assert card.command.startswith(f"python -m cnn_core.training {name} --seed {card.seed}")
    assert card.weights_sha256 == models.sha256(models.weights_path(name))
    path = datasets.find(spec.dataset)
    if path is not None and path.name == card.dataset_file:
        assert card.dataset_sha256 == models.sha256(path)
    assert card.num_parameters == spec.num_parameters
    assert card.published_accuracy == spec.published_accuracy
    assert card.training == spec.training
    assert np.shape(card.golden_logits) == (4, len(spec.class_names))
    history = card.history
    assert history.keys() >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.values()} == {card.epochs_run}
    best = max if spec.training.monitor == "val_accuracy" else min
    values = history[spec.training.monitor]
    assert values[card.best_epoch - 1] == best(values)
    assert card.versions.keys() == {"python", "keras", "numpy", "tensorflow"}


@pytest.mark.slow
@every_model
def test_fresh_networks_differ_from_the_shipped_one(name: str) -> None:
    fresh, shipped = models.build(name), models.load_pretrained(name)
    assert not np.array_equal(fresh.weights[0], shipped.weights[0])


@pytest.mark.parametrize(
    "ask",
    [
        models.get,
        models.architecture,
        models.build,
        models.is_trained,
        models.load_pretrained,
        models.load_card,
        models.load_test_answers,
    ],
)
def test_unknown_name_lists_the_names(ask) -> None:
    with pytest.raises(UnknownNameError, match=r"no model 'lenet-7'.*Choose one of: .*study"):
        ask("lenet-7")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped files of `study` that may be spoiled."""
    for file in models.PRETRAINED.glob("study.*"):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    return tmp_path


COMMAND = r"`git checkout pretrained`.*`python -m cnn_core\.training study`"


def test_copied_folder_is_good(folder: Path) -> None:
    assert models.load_pretrained("study").count_params() == 1_199_882


@pytest.mark.parametrize("file", ["study.weights.h5", "study.json"])
def test_missing_file_names_the_command(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(MissingFileError, match=rf"{file} is missing or damaged.*{COMMAND}"):
        models.load_pretrained("study")


def test_one_altered_byte_of_the_weights_is_noticed(folder: Path) -> None:
    path = folder / "study.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_pretrained("study")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"name": "study"}', "\xff"])
def test_damaged_card(folder: Path, text: str) -> None:
    (folder / "study.json").write_text(text, "latin-1")
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_pretrained("study")


def test_card_of_other_weights(folder: Path) -> None:
    path = folder / "study.json"
    card = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(card | {"weights_sha256": "0" * 64}), "utf-8")
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_pretrained("study")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04"])
def test_damaged_predictions(folder: Path, content: bytes) -> None:
    (folder / "study.predictions.npz").write_bytes(content)
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_test_answers("study")


def test_truncated_predictions(folder: Path) -> None:
    path = folder / "study.predictions.npz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_test_answers("study")


def test_other_networks_work_beside_a_damaged_one(folder: Path) -> None:
    for file in (ROOT / "pretrained").glob("tutorial.*"):
        shutil.copy(file, folder)
    (folder / "study.weights.h5").write_bytes(b"")
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_pretrained("study")
    assert models.load_pretrained("tutorial").count_params() == 195_860
