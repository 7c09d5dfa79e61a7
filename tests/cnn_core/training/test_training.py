from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from cnn_core import datasets, evaluation, inference, models, training
from cnn_core.augmentation import Augmentation
from cnn_core.datasets import Split
from cnn_core.errors import MissingFileError, UnknownNameError
from cnn_core.models import TrainingConfig
from cnn_core.models.spec import Loss, Optimizer
from cnn_core.training import __main__ as command_line
from cnn_core.training import shipping
from support.networks import linear

CONFIG = TrainingConfig(
    batch_size=16,
    epochs=6,
    learning_rate=0.05,
    validation_images=40,
    schedule="cosine",
    monitor="val_loss",
    patience=3,
)


def halves(count: int, seed: int = 0) -> Split:
    """Noise of 6x6 pixels, brighter on the left half (class 0) or on the right (class 1)."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count)
    images = random.random((count, 6, 6, 1), np.float32) / 2
    for image, label in zip(images, labels, strict=True):
        image[:, 3 * label : 3 * label + 3] += 0.5
    return Split(images, labels)


def fresh() -> keras.Model:
    return linear(np.zeros((6, 6, 1, 2), np.float32))


@pytest.mark.slow
def test_learns_and_tells_how() -> None:
    model = fresh()
    history = training.train(model, halves(200), CONFIG).history
    assert history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.values()} == {CONFIG.epochs}
    assert history["loss"][-1] < history["loss"][0] / 2
    unseen = halves(100, seed=1)
    assert evaluation.accuracy(inference.logits(model, unseen.images), unseen.labels) == 1


@pytest.mark.slow
def test_same_seed_gives_the_same_weights() -> None:
    weights = []
    for seed in (7, 7, 8):
        model = fresh()
        training.train(model, halves(100), CONFIG, seed=seed)
        weights.append(model.get_weights()[0])
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-5, atol=1e-7)
    assert not np.allclose(weights[0], weights[2])


@pytest.mark.slow
def test_stops_early_and_keeps_the_best_weights() -> None:
    """Labels at random: what is learnt by heart only makes the validation part worse."""
    split = halves(120)
    labels = np.random.default_rng(3).integers(0, 2, len(split.labels))
    config = dataclasses.replace(CONFIG, epochs=40, patience=2)
    model = fresh()
    split = Split(split.images, labels)
    progress = training.train(model, split, config, seed=5)
    losses = progress.history["val_loss"]
    best = int(np.argmin(losses))
    assert progress.best_epoch == best + 1
    assert len(losses) == best + 1 + config.patience < config.epochs
    _, validation = training.split_validation(split, config.validation_images, seed=5)
    right = inference.softmax(inference.logits(model, validation.images))
    kept = -np.log(right[np.arange(len(right)), validation.labels]).mean()
    assert kept == pytest.approx(losses[best], rel=1e-4)


def spoil_first_epoch(model: keras.Model) -> Callable[[int, int], None]:
    """Make the weights no numbers before the first validation, and good again soon after."""
    weights = model.get_weights()

    def on_step(done: int, total: int) -> None:
        if done == 10:
            model.set_weights([np.full_like(each, np.nan) for each in weights])
        if done == 11:
            model.set_weights(weights)

    return on_step


@pytest.mark.slow
@pytest.mark.parametrize("patience", [None, 2])
def test_first_epoch_that_is_no_number_is_not_the_best_for_ever(patience: int | None) -> None:
    # Plain SGD has no memory in which the spoilt step could stay.
    config = dataclasses.replace(CONFIG, optimizer="sgd", patience=patience)
    model = fresh()
    progress = training.train(model, halves(200), config, on_step=spoil_first_epoch(model))
    losses = progress.history["val_loss"]
    assert np.isnan(losses[0])
    assert np.isfinite(losses[1:]).all()
    assert progress.epochs == config.epochs
    assert progress.best_epoch == int(np.nanargmin(losses)) + 1
    assert all(np.isfinite(each).all() for each in model.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", get_args(Optimizer))
def test_every_optimizer_learns(optimizer: Optimizer) -> None:
    rate = 1.0 if optimizer == "adadelta" else 0.05
    config = dataclasses.replace(CONFIG, optimizer=optimizer, learning_rate=rate, epochs=3)
    losses = training.train(fresh(), halves(200), config).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_every_loss_is_the_same_but_for_its_labels() -> None:
    """Cross-entropy of one-hot labels is the divergence from them, since their entropy is 0."""
    histories = [
        training.train(fresh(), halves(200), dataclasses.replace(CONFIG, loss=loss)).history
        for loss in get_args(Loss)
    ]
    for history in histories[1:]:
        np.testing.assert_allclose(history["loss"], histories[0]["loss"], rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_cosine_ends_at_rest_and_constant_does_not() -> None:
    moved = {}
    for schedule in ("cosine", "constant"):
        config = dataclasses.replace(CONFIG, epochs=2, schedule=schedule)
        model = fresh()
        training.train(model, halves(200), config)
        rate = model.optimizer.learning_rate
        moved[schedule] = float(rate)
    assert moved["cosine"] == pytest.approx(0, abs=1e-6)
    assert moved["constant"] == pytest.approx(CONFIG.learning_rate)


@pytest.mark.slow
def test_augmentation_changes_what_is_learnt_from_only() -> None:
    """Mirrored halves change their class: nothing can be learnt, and the validation shows it."""
    config = dataclasses.replace(CONFIG, augmentation=Augmentation(flips=True), patience=None)
    history = training.train(fresh(), halves(400), config).history
    assert max(history["accuracy"]) < 0.8
    plain = training.train(fresh(), halves(400), dataclasses.replace(CONFIG, patience=None))
    assert plain.history["accuracy"][-1] == 1


@pytest.mark.slow
def test_every_step_is_told() -> None:
    told: list[tuple[int, int]] = []
    config = dataclasses.replace(CONFIG, epochs=2, patience=None)
    training.train(fresh(), halves(200), config, on_step=lambda *step: told.append(step))
    assert told == [(done, 20) for done in range(1, 21)]


class StoppedError(Exception):
    """Stands for the plug being pulled."""


def stop_after(steps: int) -> Callable[[int, int], None]:
    def on_step(done: int, total: int) -> None:
        if done == steps:
            raise StoppedError

    return on_step


@pytest.mark.slow
def test_interrupted_training_goes_on_where_it_was(tmp_path: Path) -> None:
    """Ten steps an epoch, stopped within the fourth: three epochs are kept, none is repeated."""
    folder = tmp_path / "checkpoint"
    config = dataclasses.replace(CONFIG, patience=None)
    whole = training.train(fresh(), halves(200), config, seed=4)
    with pytest.raises(StoppedError):
        training.train(
            fresh(), halves(200), config, seed=4, checkpoint=folder, on_step=stop_after(35)
        )
    told: list[int] = []
    model = fresh()
    resumed = training.train(
        model, halves(200), config, seed=4, checkpoint=folder, on_step=lambda d, _: told.append(d)
    )
    assert told[0] == 31
    for name, values in whole.history.items():
        np.testing.assert_allclose(resumed.history[name], values, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[0], whole.best_weights[0], rtol=1e-3, atol=1e-5)


PATIENT = dataclasses.replace(CONFIG, patience=None)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a training that was stopped after three epochs."""
    folder = tmp_path_factory.mktemp("interrupted") / "checkpoint"
    with pytest.raises(StoppedError):
        training.train(fresh(), halves(200), PATIENT, checkpoint=folder, on_step=stop_after(35))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.01},
        {"batch_size": 32},
        {"optimizer": "rmsprop"},
        {"loss": "kl_divergence"},
        {"monitor": "val_accuracy"},
        {"epochs": 3},
        {"augmentation": Augmentation(flips=True)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_recipe_begins_anew(
    interrupted: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    """A checkpoint of three epochs is there; with the changed recipe it is as if it were not."""
    shutil.copytree(interrupted, tmp_path / "checkpoint")
    changed = dataclasses.replace(PATIENT, **changes)
    told: list[int] = []
    progress = training.train(
        fresh(),
        halves(200),
        changed,
        checkpoint=tmp_path / "checkpoint",
        on_step=lambda done, _: told.append(done),
    )
    assert told[:1] == [1]
    alone = training.train(fresh(), halves(200), changed)
    assert progress.epochs == alone.epochs == changed.epochs
    for name, values in alone.history.items():
        np.testing.assert_allclose(progress.history[name], values, rtol=1e-3, atol=1e-6)


def wider() -> keras.Model:
    return linear(np.zeros((6, 6, 1, 3), np.float32))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "split", "seed"),
    [(fresh, halves(200, seed=9), 0), (fresh, halves(200), 1), (wider, halves(200), 0)],
    ids=["data", "seed", "network"],
)
def test_other_data_seed_or_network_begins_anew(
    tmp_path: Path, network: Callable[[], keras.Model], split: Split, seed: int
) -> None:
    folder, told = tmp_path / "checkpoint", []
    training.train(fresh(), halves(200), CONFIG, checkpoint=folder)
    training.train(
        network(), split, CONFIG, seed=seed, checkpoint=folder, on_step=lambda d, _: told.append(d)
    )
    assert told[:1] == [1]


@pytest.mark.slow
def test_checkpoint_that_does_not_say_its_recipe_is_not_gone_on_from(tmp_path: Path) -> None:
    folder, told = tmp_path / "checkpoint", []
    training.train(fresh(), halves(200), CONFIG, checkpoint=folder)
    facts = json.loads((folder / "progress.json").read_text("utf-8"))
    del facts["origin"]
    (folder / "progress.json").write_text(json.dumps(facts), "utf-8")
    training.train(
        fresh(), halves(200), CONFIG, checkpoint=folder, on_step=lambda d, _: told.append(d)
    )
    assert told[:1] == [1]


@pytest.mark.slow
def test_killed_between_the_two_renames_of_a_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    config = dataclasses.replace(CONFIG, epochs=2)
    training.train(fresh(), halves(200), config, checkpoint=folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint"]
    folder.rename(tmp_path / "checkpoint.old")
    told: list[int] = []
    training.train(
        fresh(), halves(200), config, checkpoint=folder, on_step=lambda d, _: told.append(d)
    )
    assert not told


def test_split_validation_parts_are_disjoint_and_cover() -> None:
    images = np.arange(50, dtype=np.float32).reshape(50, 1, 1, 1)
    split = Split(images, np.arange(50))
    train, validation = training.split_validation(split, 15, seed=1)
    assert train.images.shape == (35, 1, 1, 1)
    assert validation.images.shape == (15, 1, 1, 1)
    for part in (train, validation):
        np.testing.assert_array_equal(part.images.ravel(), part.labels)
    assert sorted([*train.labels, *validation.labels]) == list(range(50))
    assert sorted(validation.labels) != list(range(35, 50))
    again, _ = training.split_validation(split, 15, seed=1)
    np.testing.assert_array_equal(again.labels, train.labels)
    other, _ = training.split_validation(split, 15, seed=2)
    assert other.labels.tolist() != train.labels.tolist()


@pytest.mark.parametrize("count", [-1, 0, 50, 51])
def test_split_validation_leaves_no_part_empty(count: int) -> None:
    split = Split(np.zeros((50, 1, 1, 1), np.float32), np.zeros(50, np.int64))
    with pytest.raises(ValueError, match="Expected num_validation between 1 and 49"):
        training.split_validation(split, count, seed=0)


@pytest.mark.parametrize("count", [0, 200])
def test_recipe_that_leaves_no_part_is_refused(tmp_path: Path, count: int) -> None:
    config = dataclasses.replace(CONFIG, validation_images=count)
    with pytest.raises(ValueError, match=f"between 1 and 199. Received: num_validation={count}"):
        training.train(fresh(), halves(200), config, checkpoint=tmp_path / "checkpoint")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A row `tiny` of MODELS and of DATASETS; the path of its data file."""
    path = tmp_path / "halves.npz"
    arrays = {}
    for name, split in (("train", halves(120)), ("test", halves(60, seed=1))):
        arrays[f"x_{name}"] = (255 * split.images[..., 0]).astype(np.uint8)
        arrays[f"y_{name}"] = split.labels
    np.savez(path, **arrays)
    dataset = dataclasses.replace(
        datasets.get("mnist"),
        name="halves",
        image_shape=(6, 6, 1),
        class_names=("left", "right"),
        split_sizes={"train": 120, "test": 60},
        file_names=(path.name,),
    )
    spec = dataclasses.replace(
        models.get("study"),
        name="tiny",
        dataset="halves",
        input_shape=(6, 6, 1),
        num_parameters=72,
        training=CONFIG,
        build=fresh,
    )
    monkeypatch.setattr(datasets, "_SHIPPED", tmp_path)
    monkeypatch.setitem(datasets.DATASETS, "halves", dataset)
    monkeypatch.setitem(models.MODELS, "tiny", spec)
    monkeypatch.setattr(models, "PRETRAINED", tmp_path / "pretrained")
    return path


@pytest.mark.slow
def test_train_pretrained_writes_all_that_is_shipped(tiny: Path) -> None:
    folder = models.PRETRAINED
    card_path = training.train_pretrained("tiny", seed=3, folder=folder)
    assert card_path == folder / "tiny.json"
    assert sorted(path.name for path in folder.iterdir()) == [
        "tiny.json",
        "tiny.predictions.npz",
        "tiny.weights.h5",
    ]
    card = models.load_card("tiny")
    command = "python -m cnn_core.training tiny --seed 3 --precision float32"
    assert card.command == command
    assert card.weights_dtype == "float32"
    assert card.dataset_sha256 == models.sha256(tiny)
    assert card.num_parameters == 72
    assert card.epochs_run == len(card.history["loss"]) == CONFIG.epochs
    assert card.training == CONFIG
    test = datasets.load("halves", split="test")
    logits = inference.logits(models.load_pretrained("tiny"), test.images)
    np.testing.assert_allclose(models.load_test_answers("tiny").logits, logits, atol=1e-5)
    assert card.test_accuracy == evaluation.accuracy(logits, test.labels) == 1
    golden = inference.logits(models.load_pretrained("tiny"), models.golden_images((6, 6, 1)))
    np.testing.assert_allclose(card.golden_logits, golden, atol=1e-5)


@pytest.mark.slow
def test_large_network_is_shipped_with_half_the_digits(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "_LARGE", 50)
    training.train_pretrained("tiny", folder=models.PRETRAINED)
    card = models.load_card("tiny")
    assert card.weights_dtype == "float16"
    model = models.load_pretrained("tiny")
    assert {weight.dtype for weight in model.weights} == {"float32"}
    golden = inference.logits(model, models.golden_images((6, 6, 1)))
    np.testing.assert_allclose(card.golden_logits, golden, atol=1e-5)


@pytest.mark.slow
def test_half_the_digits_are_refused_where_they_change_the_answers(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "_LARGE", 50)
    monkeypatch.setattr(shipping, "_GOLDEN_TOLERANCE", 0.0)
    training.train_pretrained("tiny", folder=models.PRETRAINED)
    assert models.load_card("tiny").weights_dtype == "float32"
    assert sorted(path.suffix for path in models.PRETRAINED.iterdir()) == [".h5", ".json", ".npz"]


@pytest.mark.slow
def test_killed_training_goes_on_and_leaves_no_half_file(tiny: Path) -> None:
    folder = models.PRETRAINED
    with pytest.raises(StoppedError):
        training.train_pretrained("tiny", folder=folder, on_step=stop_after(12))
    left = [path.name for path in folder.iterdir()]
    assert left == [".tiny-0-float32.checkpoint"]
    told: list[int] = []
    training.train_pretrained("tiny", folder=folder, on_step=lambda done, _: told.append(done))
    assert told[0] == 11
    assert sorted(path.name for path in folder.iterdir()) == [
        "tiny.json",
        "tiny.predictions.npz",
        "tiny.weights.h5",
    ]


@pytest.mark.slow
def test_card_tells_the_recipe_that_the_network_learnt_by(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted, given another rate and begun again: no epoch of the old rate is in it."""
    with pytest.raises(StoppedError):
        training.train_pretrained("tiny", on_step=stop_after(12), folder=models.PRETRAINED)
    changed = dataclasses.replace(CONFIG, learning_rate=0.01)
    spec = dataclasses.replace(models.get("tiny"), training=changed)
    monkeypatch.setitem(models.MODELS, "tiny", spec)
    training.train_pretrained("tiny", folder=models.PRETRAINED)
    card = models.load_card("tiny")
    assert card.training.learning_rate == 0.01
    alone = training.train(fresh(), datasets.load("halves", split="train"), changed)
    np.testing.assert_allclose(card.history["loss"], alone.history["loss"], rtol=1e-3)


@pytest.mark.slow
def test_network_in_bfloat16_is_shipped_in_float32(tiny: Path) -> None:
    training.train_pretrained("tiny", folder=models.PRETRAINED, precision="mixed_bfloat16")
    assert keras.mixed_precision.dtype_policy().name == "float32"
    card = models.load_card("tiny")
    assert card.command.endswith("--precision mixed_bfloat16")
    assert card.test_accuracy == 1
    assert models.load_pretrained("tiny").layers[-1].compute_dtype == "float32"


@pytest.mark.slow
def test_training_that_fails_leaves_the_old_network(tiny: Path) -> None:
    folder = models.PRETRAINED
    training.train_pretrained("tiny", seed=0, folder=folder)
    with np.load(tiny) as arrays:
        only_train = {name: arrays[name] for name in ("x_train", "y_train")}
    np.savez(tiny, **only_train)
    with pytest.raises(MissingFileError, match=r"halves\.npz"):
        training.train_pretrained("tiny", seed=1, folder=folder)
    assert models.load_card("tiny").seed == 0
    assert models.load_pretrained("tiny").count_params() == 72


@pytest.mark.slow
def test_new_weights_beside_an_old_card_are_noticed(tiny: Path) -> None:
    """Killed between the two files: no network that anybody tested."""
    training.train_pretrained("tiny", seed=0, folder=models.PRETRAINED)
    fresh().save_weights(models.weights_path("tiny"))
    with pytest.raises(MissingFileError, match="training tiny"):
        models.load_pretrained("tiny")


def test_unknown_network(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no model 'lenet-7'"):
        training.train_pretrained("lenet-7", folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_command_line_trains(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = models.PRETRAINED
    monkeypatch.setattr(sys, "argv", ["training", "tiny", "--seed", "2", "--folder", str(folder)])
    with pytest.raises(SystemExit) as exit_info:
        command_line.main()
    assert exit_info.value.code == 0
    assert json.loads((folder / "tiny.json").read_text("utf-8"))["seed"] == 2
    assert "Test accuracy 1.0000" in capsys.readouterr().err


def test_command_line_with_an_unknown_network() -> None:
    command = [sys.executable, "-m", "cnn_core.training", "lenet-7"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert (
        run.stderr == f"There is no model 'lenet-7'. Choose one of: {', '.join(models.MODELS)}.\n"
    )
