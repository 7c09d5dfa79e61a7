"""Train a network and ship it: `python -m cnn_core.training NAME`."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import datasets, evaluation, files, inference, models
from cnn_core.augmentation import augment
from cnn_core.datasets import Split
from cnn_core.errors import CnnCoreError
from cnn_core.models import TrainingConfig

if TYPE_CHECKING:
    import keras

History = dict[str, list[float]]
PRECISIONS = ("float32", "mixed_bfloat16")
# A file with half the digits is shipped if it gives the golden logits and the accuracy as well.
_GOLDEN_TOLERANCE, _ACCURACY_TOLERANCE = 1e-2, 2e-4
_LARGE = 2_000_000


def split_validation(split: Split, num_validation: int, *, seed: int) -> tuple[Split, Split]:
    """Shuffle a training set and part it into what is learnt from and what decides when to stop.

    Args:
        split: the images and labels to part.
        num_validation: images in the second part.
        seed: of the shuffle.

    Returns:
        The training part and the validation part.

    Raises:
        ValueError: a part would be empty.
    """
    if not 0 < num_validation < len(split.images):
        raise ValueError(
            f"Expected num_validation between 1 and {len(split.images) - 1}. "
            f"Received: num_validation={num_validation}"
        )
    order = np.random.default_rng(seed).permutation(len(split.images))
    train, validation = order[:-num_validation], order[-num_validation:]
    return (
        Split(split.images[train], split.labels[train]),
        Split(split.images[validation], split.labels[validation]),
    )


@dataclasses.dataclass
class Progress:
    """How far a training has come.

    Attributes:
        history: loss, accuracy, val_loss and val_accuracy, a value for each epoch.
        best_epoch: the epoch whose weights are kept, from 1; 0 before the first.
        best_weights: its weights.
        waited: epochs since the last one that was better by min_change.
        seconds: spent so far, over all sittings.
    """

    history: History = dataclasses.field(default_factory=dict)
    best_epoch: int = 0
    best_weights: list[np.ndarray] = dataclasses.field(default_factory=list)
    waited: int = 0
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.history.get("loss", ()))


def train(
    model: keras.Model,
    split: Split,
    config: TrainingConfig,
    *,
    seed: int = 0,
    checkpoint: Path | None = None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Progress:
    """Train a network in place, and keep the weights of its best epoch.

    The validation part is split off the training set. With a checkpoint folder, each epoch is
    saved there, and a folder that is there already is gone on from: an interruption costs at most
    one epoch. If it comes from another recipe, seed or training set, or from a network of other
    weights, all begins anew.

    Args:
        model: a network whose last layer gives logits; call keras.utils.set_random_seed before
            building it to make its first weights the same every time.
        split: the training set, images in [0, 1].
        config: the recipe.
        seed: of the split, the shuffles, the augmentation and the dropout.
        checkpoint: the folder of the checkpoint, or None.
        on_step: told after each step how many steps of how many are done.

    Returns:
        The Progress of the whole training.

    Raises:
        ValueError: the recipe's validation_images leave nothing to learn from, or are none.
    """
    import keras

    keras.utils.set_random_seed(seed)
    train_part, validation = split_validation(split, config.validation_images, seed=seed)
    steps = -(-len(train_part.images) // config.batch_size)
    _compile(model, config, steps * config.epochs)
    origin = {} if checkpoint is None else _origin(model, split, config, seed)
    progress = _load_checkpoint(model, checkpoint, origin)
    while progress.epochs < config.epochs and not _is_over(progress, config):
        started, epoch = time.monotonic(), progress.epochs
        random = np.random.default_rng((seed, epoch))
        order = random.permutation(len(train_part.images))
        images, labels = train_part.images[order], train_part.labels[order]
        if config.augmentation is not None:
            images = augment(images, config.augmentation, random)
        done = epoch * steps
        step = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, done=done: on_step(
                done + batch + 1, steps * config.epochs
            )
        )
        fitted = model.fit(
            images,
            _targets(labels, config, model.output_shape[-1]),
            batch_size=config.batch_size,
            validation_data=(
                validation.images,
                _targets(validation.labels, config, model.output_shape[-1]),
            ),
            shuffle=False,
            callbacks=[step],
            verbose=0,
        )
        _take_epoch(progress, fitted.history, model, config)
        progress.seconds += time.monotonic() - started
        if checkpoint is not None:
            _save_checkpoint(model, progress, checkpoint, origin)
    model.set_weights(progress.best_weights)
    return progress


def _compile(model: keras.Model, config: TrainingConfig, total_steps: int) -> None:
    import keras

    rate: Any = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, total_steps)
    optimizer = keras.optimizers.get(config.optimizer)
    optimizer = type(optimizer)(learning_rate=rate)
    losses: dict[str, Any] = {
        "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        ),
        "categorical_crossentropy": keras.losses.CategoricalCrossentropy(from_logits=True),
        "kl_divergence": _divergence,
    }
    model.compile(optimizer=optimizer, loss=losses[config.loss], metrics=["accuracy"])


def _divergence(truth: Any, logits: Any) -> Any:
    """The Kullback-Leibler divergence of the softmax of the logits from one-hot labels."""
    import keras

    return keras.losses.kl_divergence(truth, keras.ops.softmax(logits))


def _targets(labels: np.ndarray, config: TrainingConfig, classes: int) -> np.ndarray:
    is_sparse = config.loss == "sparse_categorical_crossentropy"
    return labels if is_sparse else np.eye(classes, dtype=np.float32)[labels]


def _take_epoch(
    progress: Progress, logs: dict[str, list[float]], model: keras.Model, config: TrainingConfig
) -> None:
    for name, values in logs.items():
        progress.history.setdefault(name, []).append(float(values[-1]))
    sign = -1 if config.monitor == "val_loss" else 1
    values = [sign * value for value in progress.history[config.monitor]]
    # The first epoch is the best until there is a better one; to one that is not a number, any is,
    # and as the first of several it would be their maximum.
    best = max((value for value in values[:-1] if not np.isnan(value)), default=-np.inf)
    if progress.best_epoch == 0 or values[-1] > best:
        progress.best_epoch, progress.best_weights = len(values), model.get_weights()
    progress.waited = 0 if values[-1] > best + config.min_change else progress.waited + 1


def _is_over(progress: Progress, config: TrainingConfig) -> bool:
    return config.patience is not None and progress.waited >= config.patience


def _origin(model: keras.Model, split: Split, config: TrainingConfig, seed: int) -> dict[str, Any]:
    """What a training comes from, as JSON gives it back; only with the same it is gone on with."""
    data = hashlib.sha256()
    for array in (split.images, split.labels):
        data.update(np.ascontiguousarray(array).data)
    facts = {
        "recipe": dataclasses.asdict(config),
        "seed": seed,
        "data_sha256": data.hexdigest(),
        "weight_shapes": [tuple(weight.shape) for weight in model.weights],
    }
    return dict(json.loads(json.dumps(facts)))


def _save_checkpoint(
    model: keras.Model, progress: Progress, folder: Path, origin: dict[str, Any]
) -> None:
    """Write everything aside, then swap the folders: what is there is always whole."""
    aside, old = folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    model.save_weights(aside / "now.weights.h5")  # with the optimizer's state
    np.savez(aside / "best.npz", *progress.best_weights)
    facts = {k: v for k, v in vars(progress).items() if k != "best_weights"}
    facts["origin"] = origin
    (aside / "progress.json").write_text(json.dumps(facts), "utf-8")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _load_checkpoint(model: keras.Model, folder: Path | None, origin: dict[str, Any]) -> Progress:
    if folder is None:
        return Progress()
    old = folder.with_name(f"{folder.name}.old")
    if old.exists() and not folder.exists():
        old.rename(folder)  # killed between the two renames
    if not folder.exists():
        return Progress()
    facts = json.loads((folder / "progress.json").read_text("utf-8"))
    if facts.pop("origin", None) != origin:
        return Progress()
    model.optimizer.build(model.trainable_variables)
    model.load_weights(folder / "now.weights.h5")
    with np.load(folder / "best.npz") as arrays:
        best = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    return Progress(**facts, best_weights=best)


def train_pretrained(
    name: str,
    *,
    seed: int = 0,
    folder: Path = models.PRETRAINED,
    precision: str = "float32",
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Train a row of MODELS by its own recipe and write all that is shipped of it.

    Writes NAME.weights.h5, NAME.predictions.npz (the logits of the test set and its labels) and,
    last, the card NAME.json. An interrupted run leaves no half file; begun again, it goes on after
    its last epoch, unless its recipe or data were changed.

    Args:
        name: a key of models.MODELS.
        seed: of the weights, the shuffles, the augmentation and the dropout.
        folder: where the files go.
        precision: "float32", or "mixed_bfloat16" to compute in bfloat16 and keep the weights in
            float32, which takes half the time where the processor knows bfloat16.
        on_step: told after each step how many steps of how many are done.

    Returns:
        The path of the card.

    Raises:
        UnknownNameError: no network has this name.
        MissingFileError: the data set is not there and cannot be downloaded.
    """
    spec = models.get(name)
    import keras

    data = datasets.load(spec.dataset, split="train")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f".{name}-{seed}-{precision}.checkpoint"
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(precision)
    try:
        keras.utils.set_random_seed(seed)
        model = spec.build()
        progress = train(
            model, data, spec.training, seed=seed, checkpoint=checkpoint, on_step=on_step
        )
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    shipped = spec.build()  # in float32, and without the optimizer's state
    shipped.set_weights(model.get_weights())
    path = ship(
        shipped,
        spec,
        progress,
        folder,
        seed=seed,
        command=f"python -m cnn_core.training {name} --seed {seed} --precision {precision}",
    )
    shutil.rmtree(checkpoint, ignore_errors=True)
    return path


def ship(
    model: keras.Model,
    spec: models.ModelSpec,
    progress: Progress,
    folder: Path,
    *,
    seed: int,
    command: str,
) -> Path:
    """Write the weights, the answers to the test set and the card of a trained network.

    A network of more than two million parameters is written with half the digits, if the golden
    logits then agree within 0.01 and the accuracy within 0.0002.

    Args:
        model: trained, in float32.
        spec: its row.
        progress: of its training.
        folder: where the files go.
        seed: that it was trained with.
        command: that trained it.

    Returns:
        The path of the card.
    """
    name = spec.name
    test = datasets.load(spec.dataset, split="test")
    weights, logits, golden = _write_weights(model, spec, test, folder)
    with files.replacing(folder / f"{name}.predictions.npz") as aside:
        np.savez_compressed(aside, logits=logits, labels=test.labels.astype(np.uint8))
    accuracy = evaluation.accuracy(logits, test.labels)
    data_file = datasets.find(spec.dataset)
    assert data_file is not None  # it was read a moment ago
    card: dict[str, Any] = {
        "name": name,
        "command": command,
        "seed": seed,
        "dataset": spec.dataset,
        "dataset_file": data_file.name,
        "dataset_sha256": models.sha256(data_file),
        "weights_sha256": models.sha256(weights),
        "weights_dtype": str(_stored_dtype(weights)),
        "num_parameters": model.count_params(),
        "test_accuracy": accuracy,
        "test_accuracy_interval_95": evaluation.wilson_interval(accuracy, len(logits)),
        "published_accuracy": spec.published_accuracy,
        "epochs_run": progress.epochs,
        "best_epoch": progress.best_epoch,
        "wall_time_seconds": round(progress.seconds),
        "training": dataclasses.asdict(spec.training),
        "notes": [note for note in (datasets.get(spec.dataset).note, spec.published_note) if note],
        "golden_logits": golden.tolist(),
        "history": progress.history,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("keras", "numpy")},
            "tensorflow": _tensorflow_version(),
        },
    }
    path = folder / f"{name}.json"
    files.write_text(path, json.dumps(card, indent=1) + "\n")
    return path


def _write_weights(
    model: keras.Model, spec: models.ModelSpec, test: Split, folder: Path
) -> tuple[Path, np.ndarray, np.ndarray]:
    """Write the weights; return their path, and the logits of test and golden images with them."""
    path = folder / f"{spec.name}.weights.h5"
    answers = _answers(model, spec, test)
    with tempfile.TemporaryDirectory() as scratch, files.replacing(path) as aside:
        plain = Path(scratch) / path.name
        model.save_weights(plain)
        if spec.num_parameters > _LARGE:
            _pack(plain, aside, "float16")
            reloaded = spec.build()
            reloaded.load_weights(aside)
            halved = _answers(reloaded, spec, test)
            if _agree(answers, halved, test.labels):
                return path, *halved
        _pack(plain, aside, "float32")
    return path, *answers


def _answers(
    model: keras.Model, spec: models.ModelSpec, test: Split
) -> tuple[np.ndarray, np.ndarray]:
    """The logits of the test and of the golden images."""
    images = models.golden_images(spec.input_shape)
    return inference.logits(model, test.images), inference.logits(model, images)


def _agree(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], labels: np.ndarray
) -> bool:
    """Whether the same network, rounded, still gives the golden logits and the accuracy."""
    before, after = (evaluation.accuracy(logits, labels) for logits, _ in (one, other))
    is_close = float(np.abs(other[1] - one[1]).max()) <= _GOLDEN_TOLERANCE
    return is_close and abs(before - after) <= _ACCURACY_TOLERANCE


def _pack(source: Path, target: Path, dtype: str) -> None:
    """Copy a weights file with every array as another type, compressed."""
    import h5py

    with h5py.File(source) as plain, h5py.File(target, "w") as packed:

        def copy(path: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                # A scalar, such as a counter, cannot be compressed.
                how: dict[str, Any] = {"compression": "gzip", "shuffle": True} if item.shape else {}
                kind = dtype if item.dtype.kind == "f" else item.dtype
                packed.create_dataset(path, data=np.asarray(item, kind), **how)
            else:
                packed.require_group(path)
            for key, value in item.attrs.items():
                packed[path].attrs[key] = value

        plain.visititems(copy)
        for key, value in plain.attrs.items():
            packed.attrs[key] = value


def _stored_dtype(path: Path) -> np.dtype[Any]:
    """The type of the numbers in a weights file."""
    import h5py

    found: list[np.dtype[Any]] = []
    with h5py.File(path) as file:
        file.visititems(
            lambda _, item: found.append(item.dtype) if isinstance(item, h5py.Dataset) else None
        )
    return found[0]


def _tensorflow_version() -> str:
    import tensorflow as tf

    return str(tf.__version__)


def main() -> None:
    """Train the network named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cnn_core.training",
        description="Train a network and ship it; begun again, it goes on after its last epoch.",
    )
    parser.add_argument("name", help=f"one of: {', '.join(models.MODELS)}")
    parser.add_argument("--seed", type=int, default=0, help="of weights, shuffles and dropout")
    parser.add_argument("--folder", type=Path, default=models.PRETRAINED, help="where the files go")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help="mixed_bfloat16 takes half the time on processors that know bfloat16",
    )
    arguments = parser.parse_args()
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(f"{arguments.name}: step {{task.completed}} of {{task.total}}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    try:
        models.get(arguments.name)  # before there is a bar
        with Bar(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(arguments.name, total=None)
            card = train_pretrained(
                arguments.name,
                seed=arguments.seed,
                folder=arguments.folder,
                precision=arguments.precision,
                on_step=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except CnnCoreError as error:
        parser.exit(1, f"{error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "Interrupted; the same command goes on after the last whole epoch.\n")
    accuracy = json.loads(card.read_text("utf-8"))["test_accuracy"]
    parser.exit(0, f"Test accuracy {accuracy:.4f}; wrote {card}\n")


if __name__ == "__main__":
    main()
