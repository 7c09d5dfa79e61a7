"""train(): epoch after epoch by a recipe, with the weights of the best one kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.augmentation import augment
from cnn_core.datasets import Split
from cnn_core.models import TrainingConfig
from cnn_core.training import checkpoint as checkpoints
from cnn_core.training.checkpoint import Progress

if TYPE_CHECKING:
    import keras


def split_validation(split: Split, num_validation: int, *, seed: int) -> tuple[Split, Split]:
    """Shuffle a training set and part it into what is learnt from and what decides when to stop.

    Args:
        split: The images and labels to part.
        num_validation: Images in the second part.
        seed: Seed of the shuffle.

    Returns:
        The training part and the validation part.

    Raises:
        ValueError: A part would be empty.
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
        model: A network whose last layer gives logits; call keras.utils.set_random_seed before
            building it to make its first weights the same every time.
        split: The training set, images in [0, 1].
        config: The recipe.
        seed: Seed of the split, the shuffles, the augmentation and the dropout.
        checkpoint: The folder of the checkpoint, or None.
        on_step: Callback that receives after each step how many steps of how many are done.

    Returns:
        The Progress of the whole training.

    Raises:
        ValueError: The recipe's validation_images leave nothing to learn from, or are none.
    """
    import keras

    keras.utils.set_random_seed(seed)
    train_part, validation = split_validation(split, config.validation_images, seed=seed)
    steps = -(-len(train_part.images) // config.batch_size)
    _compile(model, config, steps * config.epochs)
    origin = {} if checkpoint is None else checkpoints.origin_of(model, split, config, seed)
    progress = checkpoints.load(model, checkpoint, origin)
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
            checkpoints.save(model, progress, checkpoint, origin)
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
    """Compute the Kullback-Leibler divergence of the softmax of the logits from one-hot labels."""
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
