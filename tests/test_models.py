from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from cnn_core import datasets, evaluation, inference, models
from cnn_core.errors import MissingFileError, UnknownNameError

CARD_FIELDS = {
    "name", "command", "seed", "dataset", "dataset_sha256", "weights_sha256", "num_parameters",
    "test_accuracy", "test_accuracy_interval_95", "published_accuracy", "epochs_run", "best_epoch",
    "wall_time_seconds", "training", "history", "versions",
}  # fmt: skip

every_model = pytest.mark.parametrize("name", models.MODELS)


@pytest.fixture(scope="module", params=models.MODELS)
def recomputed(request: pytest.FixtureRequest) -> tuple[str, np.ndarray, np.ndarray]:
    """A network's name, its logits of the whole test set made anew, and the labels."""
    name = request.param
    test = datasets.load(models.get(name).dataset, split="test")
    return name, inference.logits(models.load_pretrained(name), test.images), test.labels


def test_accuracy_is_what_the_card_says(recomputed: tuple[str, np.ndarray, np.ndarray]) -> None:
    name, logits, labels = recomputed
    card = models.load_card(name)
    accuracy = evaluation.accuracy(logits, labels)
    assert accuracy == pytest.approx(card["test_accuracy"], abs=1e-4)
    assert accuracy >= models.get(name).published_accuracy - 5e-5
    low, high = card["test_accuracy_interval_95"]
    assert low < accuracy < high


def test_shipped_logits_are_those_of_the_weights(
    recomputed: tuple[str, np.ndarray, np.ndarray],
) -> None:
    name, logits, _ = recomputed
    shipped = models.load_test_logits(name)
    assert shipped.dtype == np.float32
    np.testing.assert_allclose(shipped, logits, atol=1e-3)


def test_study_reaches_the_accuracy_of_its_source() -> None:
    assert models.load_card("study")["test_accuracy"] >= 0.9922


@every_model
def test_built_network_is_as_its_row_says(name: str) -> None:
    spec = models.get(name)
    model = models.build(name)
    assert not isinstance(model, keras.Sequential)
    assert model.count_params() == spec.num_parameters
    assert model.input_shape == (None, *spec.input_shape)
    assert model.output_shape == (None, len(spec.class_names))
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)
    last = model.layers[-1]
    assert last.name == "logits"
    assert last.activation is keras.activations.linear


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
    assert spec.dataset in datasets.DATASETS
    for text in (spec.title, spec.description, spec.source):
        assert text.strip()
    assert 0.9 < spec.published_accuracy <= 1


@every_model
def test_card_describes_the_shipped_files(name: str) -> None:
    spec, card = models.get(name), models.load_card(name)
    assert card.keys() >= CARD_FIELDS
    assert card["name"] == name
    assert card["weights_sha256"] == models.sha256(models.weights_path(name))
    assert card["dataset_sha256"] == models.sha256(datasets.get(spec.dataset).path)
    assert card["num_parameters"] == spec.num_parameters
    assert card["training"] == dataclasses.asdict(spec.training)
    history = card["history"]
    assert history.keys() >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.values()} == {card["epochs_run"]}
    assert history["val_loss"][card["best_epoch"] - 1] == min(history["val_loss"])
    assert card["versions"].keys() == {"python", "keras", "numpy", "tensorflow"}


@every_model
def test_fresh_networks_differ_from_the_shipped_one(name: str) -> None:
    fresh, shipped = models.build(name), models.load_pretrained(name)
    assert not np.array_equal(fresh.weights[0], shipped.weights[0])


@pytest.mark.parametrize(
    "ask",
    [models.get, models.build, models.load_pretrained, models.load_card, models.load_test_logits],
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
        models.load_test_logits("study")


def test_truncated_predictions(folder: Path) -> None:
    path = folder / "study.predictions.npz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(MissingFileError, match=COMMAND):
        models.load_test_logits("study")
