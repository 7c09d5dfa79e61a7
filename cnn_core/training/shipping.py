"""train_pretrained() and ship(): a row of MODELS trained, and all that is shipped of it written."""

from __future__ import annotations

import dataclasses
import json
import platform
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import atomic_files, datasets, evaluation, inference, models
from cnn_core.datasets import Split
from cnn_core.training.checkpoint import Progress
from cnn_core.training.loop import train

if TYPE_CHECKING:
    import keras

PRECISIONS = ("float32", "mixed_bfloat16")
# A file with half the digits is shipped if it gives the golden logits and the accuracy as well.
_GOLDEN_TOLERANCE, _ACCURACY_TOLERANCE = 1e-2, 2e-4
_LARGE = 2_000_000


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
        name: A key of models.MODELS.
        seed: Seed of the weights, the shuffles, the augmentation and the dropout.
        folder: Folder of the files.
        precision: "float32", or "mixed_bfloat16" to compute in bfloat16 and keep the weights in
            float32, which takes half the time where the processor knows bfloat16.
        on_step: Callback that receives after each step how many steps of how many are done.

    Returns:
        The path of the card.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The data set is not there and cannot be downloaded.
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
        model: Trained, in float32.
        spec: Its row.
        progress: Progress of its training.
        folder: Folder of the files.
        seed: That it was trained with.
        command: That trained it.

    Returns:
        The path of the card.

    Raises:
        MissingFileError: The data set is not there and cannot be downloaded.
    """
    name = spec.name
    test = datasets.load(spec.dataset, split="test")
    weights, logits, golden = _write_weights(model, spec, test, folder)
    with atomic_files.atomic_write(folder / f"{name}.predictions.npz") as aside:
        np.savez_compressed(aside, logits=logits, labels=test.labels.astype(np.uint8))
    accuracy = evaluation.accuracy(logits, test.labels)
    data_file = datasets.find(spec.dataset) or datasets.fetch(spec.dataset)
    card = models.ModelCard(
        name=name,
        command=command,
        seed=seed,
        dataset=spec.dataset,
        dataset_file=data_file.name,
        dataset_sha256=models.sha256(data_file),
        weights_sha256=models.sha256(weights),
        weights_dtype=str(_stored_dtype(weights)),
        num_parameters=model.count_params(),
        test_accuracy=accuracy,
        test_accuracy_interval_95=evaluation.wilson_interval(accuracy, len(logits)),
        published_accuracy=spec.published_accuracy,
        epochs_run=progress.epochs,
        best_epoch=progress.best_epoch,
        wall_time_seconds=round(progress.seconds),
        training=spec.training,
        notes=tuple(filter(None, (datasets.get(spec.dataset).note, spec.published_note))),
        golden_logits=golden.tolist(),
        history=progress.history,
        versions={
            "python": platform.python_version(),
            **{package: version(package) for package in ("keras", "numpy")},
            "tensorflow": _tensorflow_version(),
        },
    )
    path = folder / f"{name}.json"
    atomic_files.write_text(path, json.dumps(dataclasses.asdict(card), indent=1) + "\n")
    return path


def _write_weights(
    model: keras.Model, spec: models.ModelSpec, test: Split, folder: Path
) -> tuple[Path, np.ndarray, np.ndarray]:
    """Write the weights; return their path, and the logits of test and golden images with them."""
    path = folder / f"{spec.name}.weights.h5"
    answers = _answers(model, spec, test)
    with tempfile.TemporaryDirectory() as scratch, atomic_files.atomic_write(path) as aside:
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
    """Compute the logits of the test images and of the golden images."""
    images = models.golden_images(spec.input_shape)
    return inference.logits(model, test.images), inference.logits(model, images)


def _agree(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray], labels: np.ndarray
) -> bool:
    """Return True if the rounded network still gives the golden logits and the accuracy."""
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
    """Return the type of the numbers in a weights file."""
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
