"""perturb(), the door to every change: it checks once and adds nothing per change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import inference
from cnn_core.options import check_options
from cnn_core.pixels import checked_pixels
from cnn_core.robustness import attacks
from cnn_core.robustness.registry import get
from cnn_core.robustness.spec import Perturbation

if TYPE_CHECKING:
    import keras


def perturb(
    images: np.ndarray,
    name: str,
    strengths: float | Sequence[float] | np.ndarray,
    *,
    seeds: int | Sequence[int] | np.ndarray = 0,
    model: keras.Model | None = None,
    labels: int | Sequence[int] | np.ndarray | None = None,
    targets: int | Sequence[int] | np.ndarray | None = None,
    **options: Any,
) -> np.ndarray:
    """Change images, each by a strength of its own or all by the same.

    Args:
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].
        name: A key of PERTURBATIONS.
        strengths: (n,) or one, in the row's unit; 0 leaves an image as it is, to the bit.
        seeds: (n,) or one, of changes that draw random numbers.
        model: The network to mislead, for rows that need one; else unused.
        labels: (n,) or one, the classes to drive the network away from; its answers if None.
        targets: (n,) or one, the classes to drive the network to instead.
        **options: The row's own.

    Returns:
        New images, float32 in [0, 1], of the same shape.

    Raises:
        UnknownNameError: There is no such change.
        ValueError: An image, strength, class or option is out of its range or of a wrong shape, or
            a network is needed and there is none.

    Example:
        >>> images = np.full((2, 28, 28, 1), 0.5, np.float32)
        >>> bool((perturb(images, "noise", [0, 0.1]) == images)[0].all())
        True
    """
    row = get(name)
    batch, is_single = _as_batch(images)
    each = _for_each("strengths", strengths, len(batch)).astype(np.float64)
    if not (np.isfinite(each) & (each >= row.lowest)).all():
        raise ValueError(
            f"Expected strengths of {row.title} to be finite and at least {row.lowest:g} "
            f"{row.unit}. Received: strengths={strengths!r}"
        )
    check_options(row.title, row.options, options)
    settings = dict(options)
    numbers = _for_each("seeds", seeds, len(batch))
    if row.needs_model:
        settings |= {"seeds": numbers} if row.needs_seed else {}
        goal = _goal(row, model, batch, labels, targets)
        changed = row.compute(model, batch, each, goal, **settings) if len(batch) else batch
    else:
        seeded = [{"seed": int(number)} if row.needs_seed else {} for number in numbers]
        parts = [
            row.compute(image, float(strength), **settings, **seed)
            for image, strength, seed in zip(batch, each, seeded, strict=True)
        ]
        changed = np.stack(parts) if parts else batch
    result = np.clip(changed.astype(np.float32), 0, 1)
    result[each == 0] = batch[each == 0]
    return result[0] if is_single else result


def _as_batch(images: np.ndarray) -> tuple[np.ndarray, bool]:
    batch = np.asarray(images)
    if batch.ndim not in (3, 4) or 0 in batch.shape[-3:]:
        raise ValueError(
            "Expected images of shape (n, height, width, channels) or (height, width, channels). "
            f"Received: images.shape={np.shape(images)}"
        )
    batch = checked_pixels(batch)
    return (batch[None], True) if batch.ndim == 3 else (batch, False)


def _for_each(name: str, values: Any, count: int) -> np.ndarray:
    found = np.asarray(values)
    if found.shape not in ((), (count,)):
        raise ValueError(
            f"Expected {name} to be one number or one for each of {count} images. "
            f"Received: {name} of shape {found.shape}"
        )
    return np.broadcast_to(found, (count,))


def _goal(
    row: Perturbation, model: keras.Model | None, images: np.ndarray, labels: Any, targets: Any
) -> attacks.Goal:
    if model is None:
        raise ValueError(
            f"Expected a model: {row.title} is made to mislead a network. Received: model=None"
        )
    if targets is not None:
        return attacks.Goal(_classes("targets", targets, images, model), is_towards=True)
    if labels is None:
        labels = inference.logits(model, images).argmax(axis=1)
    return attacks.Goal(_classes("labels", labels, images, model), is_towards=False)


def _classes(name: str, classes: Any, images: np.ndarray, model: keras.Model) -> np.ndarray:
    found, number = _for_each(name, classes, len(images)), model.output_shape[-1]
    is_whole = np.issubdtype(found.dtype, np.integer)
    if not is_whole or not ((found >= 0) & (found < number)).all():
        raise ValueError(
            f"Expected {name} to be classes from 0 to {number - 1}. Received: {name}={classes!r}"
        )
    return found.astype(np.int64)
