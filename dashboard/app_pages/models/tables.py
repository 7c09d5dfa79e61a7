"""Networks in rows and columns, as HTML: what they are, cost and reach."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from cnn_core import datasets, models
from cnn_core.architecture import LayerSummary, Table
from cnn_core.augmentation import Augmentation
from cnn_core.models import ModelCard, ModelSpec
from dashboard.app_pages.models import text
from dashboard.figures import html, numbers

DASH = "\N{EN DASH}"
_TIMES = "\N{MULTIPLICATION SIGN}"
# Marks of the notes below the overview.
_MARKS = "\N{SUPERSCRIPT ONE}\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}\N{SUPERSCRIPT FOUR}"
_MARKS += "\N{SUPERSCRIPT FIVE}\N{SUPERSCRIPT SIX}\N{SUPERSCRIPT SEVEN}\N{SUPERSCRIPT EIGHT}"


def overview(cards: Mapping[str, ModelCard], speeds: Mapping[str, float], marked: str) -> str:
    """Return one line for each network, trained or not, as HTML.

    Args:
        cards: Cards of the trained networks, by name.
        speeds: Milliseconds an image of the networks measured, by name.
        marked: The name of the trained network to emphasise.
    """
    head = ("Network", "Measured", "95% interval", "Parameters", "Published", "MB", "ms an image")
    rows: list[tuple[str, ...]] = []
    for dataset in datasets.DATASETS.values():
        specs = [spec for spec in models.MODELS.values() if spec.dataset == dataset.name]
        rows += [(f"{dataset.title}, {shape(dataset.image_shape)}",)] if specs else []
        rows += [_line(spec, cards.get(spec.name), speeds) for spec in specs]
    rows.append((text.ONLY_TO_LOOK_AT,))
    for classic in models.UNTRAINED.values():
        size, time = f"{classic.num_parameters:,}", speed(speeds, classic.name)
        rows.append((classic.title, DASH, DASH, size, DASH, DASH, time))
    titles = [cells[0] for cells in rows]
    return html.table(head, rows, marked=titles.index(models.get(marked).title))


def notes() -> str:
    """Return the notes behind the marks of the overview, in one line."""
    pairs = zip(_MARKS, _notes(), strict=False)
    return " ".join(f"{mark} {note[0].upper()}{note[1:]}." for mark, note in pairs)


def layers(table: Table) -> str:
    """Return the summary of a network: a line for each layer, and the sums."""
    counts = [(one.num_parameters, one.num_trainable, one.multiply_adds) for one in table]
    rows: list[tuple[str, ...]] = [
        (
            one.name,
            one.title,
            shape(one.output_shape),
            *(f"{count:,}" for count in counts[i]),
            *_sees(one),
            ", ".join(one.inputs),
        )
        for i, one in enumerate(table)
    ]
    sums = (f"{sum(column):,}" for column in zip(*counts, strict=True))
    rows.append((text.ALL_LAYERS, "", "", *sums, "", "", ""))
    counted = ("Parameters", "Trainable", "Multiply-adds")
    head = ("Layer", "Kind", "Output", *counted, "Sees", "Step", "Takes")
    return html.table(head, rows, marked=len(table), text_columns=(1, 8))


def comparison(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a small table of networks that differ in one thing."""
    return html.table(("Network", *head), tuple(rows))


def card_facts(card: ModelCard) -> str:
    """Return how a network was trained: terms and values."""
    training, versions = card.training, card.versions
    stopped = "" if training.patience is None else f", patience {training.patience}"
    facts = {
        "Command": card.command,
        "Seed": str(card.seed),
        "Data": f"{datasets.get(card.dataset).title}, {card.dataset_file}, "
        f"SHA-256 {card.dataset_sha256[:16]}\N{HORIZONTAL ELLIPSIS}",
        "Recipe": f"{training.optimizer.capitalize()} at {training.learning_rate:g}, rate "
        f"{training.schedule}, batches of {training.batch_size}, "
        f"{training.loss.replace('_', ' ')}{stopped}",
        "Augmentation": _augmentation(training.augmentation),
        "Validation": f"{training.validation_images:,} images split off the training set",
        "Epochs": f"{card.epochs_run}, of which {card.best_epoch} was the best and is kept",
        "Wall time": duration(card.wall_time_seconds),
        "Versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "Departures": training.departures or "none from the published recipe",
        "Notes": " ".join(f"{note[0].upper()}{note[1:].rstrip('.')}." for note in card.notes),
    }
    line = Markup("<dt>{}</dt><dd>{}</dd>")
    terms = Markup().join(line.format(term, value) for term, value in facts.items() if value)
    return Markup('<dl class="cl-facts">{}</dl>').format(terms)


def measured(card: ModelCard | None) -> tuple[str, str]:
    """Format the accuracy on the test set and its 95% interval."""
    if card is None:
        return text.NOT_TRAINED_YET, DASH
    low, high = card.test_accuracy_interval_95
    return numbers.percent(card.test_accuracy, 2), f"{100 * low:.2f} to {100 * high:.2f}%"


def speed(speeds: Mapping[str, float], model_name: str) -> str:
    """Format the milliseconds an image of a network, if they were measured."""
    return f"{speeds[model_name]:.2f}" if model_name in speeds else DASH


def shape(sides: Iterable[int]) -> str:
    """Format a shape as people write it."""
    return _TIMES.join(map(str, sides))


def duration(seconds: float) -> str:
    """Format a time in hours, minutes or seconds."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _line(spec: ModelSpec, card: ModelCard | None, speeds: Mapping[str, float]) -> tuple[str, ...]:
    return (
        spec.title,
        *measured(card),
        f"{spec.num_parameters:,}",
        _published(spec),
        DASH if card is None else _megabytes(spec.name),
        speed(speeds, spec.name),
    )


def _published(spec: ModelSpec) -> str:
    mark = _MARKS[_notes().index(spec.published_note)] if spec.published_note else ""
    stated = spec.published_accuracy
    return (DASH if stated is None else numbers.percent(stated, 2)) + mark


def _notes() -> tuple[str, ...]:
    """Return what the published figures were measured on, where that was not the test set alone."""
    return tuple(
        dict.fromkeys(spec.published_note for spec in models.MODELS.values() if spec.published_note)
    )


def _megabytes(model_name: str) -> str:
    return f"{models.weights_path(model_name).stat().st_size / 1e6:.1f}"


def _sees(layer: LayerSummary) -> tuple[str, str]:
    field = layer.receptive_field
    if field is None:
        return "all", ""
    return shape(field.size), shape(field.stride)


def _augmentation(settings: Augmentation | None) -> str:
    ranges = {} if settings is None else dataclasses.asdict(settings)
    changed = {name: value for name, value in ranges.items() if value}
    said = (name if value is True else f"{name} {value:g}" for name, value in changed.items())
    return ", ".join(said) or "none"
