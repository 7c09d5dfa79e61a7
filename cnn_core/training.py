"""Train a network and ship it: `python -m cnn_core.training NAME`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import datasets, evaluation, inference, models
from cnn_core.datasets import Split
from cnn_core.errors import CnnCoreError
from cnn_core.models import TrainingConfig

if TYPE_CHECKING:
    import keras

History = dict[str, list[float]]


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


def train(
    model: keras.Model, split: Split, config: TrainingConfig, *, seed: int = 0, verbose: int = 0
) -> History:
    """Train a network in place with Adam, cross-entropy and early stopping.

    The rate falls along a cosine from config.learning_rate to 0 over all epochs. The validation
    part is split off the training set; the weights of its best epoch are kept.

    Reference: Diederik P. Kingma and Jimmy Ba, "Adam: A Method for Stochastic Optimization",
    2015, https://arxiv.org/abs/1412.6980

    Args:
        model: a network whose last layer gives logits; call keras.utils.set_random_seed before
            building it to make its first weights the same every time.
        split: the training set, images in [0, 1].
        config: batch size, epochs, rate, validation part and patience.
        seed: of the shuffles and the dropout.
        verbose: 1 shows a progress bar with the time left, 0 nothing.

    Returns:
        loss, accuracy, val_loss and val_accuracy, a value for each epoch.
    """
    import keras

    keras.utils.set_random_seed(seed)
    train_part, validation = split_validation(split, config.validation_images, seed=seed)
    steps = config.epochs * -(-len(train_part.images) // config.batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    fitted = model.fit(
        train_part.images,
        train_part.labels,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=(validation.images, validation.labels),
        callbacks=[
            keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)
        ],
        verbose=verbose,
    )
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}


def train_pretrained(name: str, *, seed: int = 0, folder: Path = models.PRETRAINED) -> Path:
    """Train a row of MODELS by its own recipe and write all that is shipped of it.

    Writes NAME.weights.h5, NAME.predictions.npz (the logits of the test set) and, last, the card
    NAME.json. Each file is written aside and renamed, so an interrupted run leaves no half file.

    Args:
        name: a key of models.MODELS.
        seed: of the weights, the shuffles and the dropout.
        folder: where the files go.

    Returns:
        The path of the card.

    Raises:
        UnknownNameError: no network has this name.
    """
    spec = models.get(name)
    import keras

    keras.utils.set_random_seed(seed)
    model = spec.build()
    started = time.monotonic()
    data = datasets.load(spec.dataset, split="train")
    history = train(model, data, spec.training, seed=seed, verbose=1)
    seconds = time.monotonic() - started

    folder.mkdir(parents=True, exist_ok=True)
    weights, aside = folder / f"{name}.weights.h5", folder / f".{name}.weights.h5"
    shipped = spec.build()
    shipped.set_weights(model.get_weights())  # not the optimiser's state, which is twice as large
    shipped.save_weights(aside)
    os.replace(aside, weights)
    test = datasets.load(spec.dataset, split="test")
    logits = inference.logits(model, test.images)
    predictions, aside = folder / f"{name}.predictions.npz", folder / f".{name}.predictions.npz"
    np.savez_compressed(aside, logits=logits)
    os.replace(aside, predictions)
    accuracy = evaluation.accuracy(logits, test.labels)
    card: dict[str, Any] = {
        "name": name,
        "command": f"python -m cnn_core.training {name} --seed {seed}",
        "seed": seed,
        "dataset": spec.dataset,
        "dataset_sha256": models.sha256(datasets.DATASETS[spec.dataset].path),
        "weights_sha256": models.sha256(weights),
        "num_parameters": model.count_params(),
        "test_accuracy": accuracy,
        "test_accuracy_interval_95": evaluation.wilson_interval(accuracy, len(logits)),
        "published_accuracy": spec.published_accuracy,
        "epochs_run": len(history["loss"]),
        "best_epoch": int(np.argmin(history["val_loss"])) + 1,
        "wall_time_seconds": round(seconds),
        "training": vars(spec.training),
        "history": history,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("keras", "numpy")},
            "tensorflow": _tensorflow_version(),
        },
    }
    path, aside = folder / f"{name}.json", folder / f".{name}.json"
    aside.write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    os.replace(aside, path)
    return path


def _tensorflow_version() -> str:
    import tensorflow as tf

    return str(tf.__version__)


def main() -> None:
    """Train the network named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cnn_core.training", description="Train a network and ship it."
    )
    parser.add_argument("name", help=f"one of: {', '.join(models.MODELS)}")
    parser.add_argument("--seed", type=int, default=0, help="of weights, shuffles and dropout")
    parser.add_argument("--folder", type=Path, default=models.PRETRAINED, help="where the files go")
    arguments = parser.parse_args()
    try:
        card = train_pretrained(arguments.name, seed=arguments.seed, folder=arguments.folder)
    except CnnCoreError as error:
        parser.exit(1, f"{error}\n")
    accuracy = json.loads(card.read_text("utf-8"))["test_accuracy"]
    parser.exit(0, f"Test accuracy {accuracy:.4f}; wrote {card}\n")


if __name__ == "__main__":
    main()
