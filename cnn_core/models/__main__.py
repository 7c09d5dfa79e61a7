"""The table of the trained networks as Markdown: `python -m cnn_core.models`."""

from __future__ import annotations

import sys

from cnn_core import datasets, models

HEAD = (
    "| Model | Data | Parameters | Published accuracy | Accuracy measured here | 95% interval |\n"
    "|---|---|---|---|---|---|\n"
)


def table() -> str:
    """Format MODELS with their cards' figures as the README's table."""
    notes = [
        f"\nThe published figure of `{spec.name}`: {spec.published_note}.\n"
        for spec in models.MODELS.values()
        if spec.published_note
    ]
    return HEAD + "".join([*(_row(name) for name in models.MODELS), *notes])


def _row(name: str) -> str:
    spec = models.get(name)
    published = spec.published_accuracy
    stated = "none stated" if published is None else f"{published:.4f}"
    measured, interval = "not trained yet", ""
    if models.is_trained(name):
        card = models.load_card(name)
        low, high = card.test_accuracy_interval_95
        measured, interval = f"{card.test_accuracy:.4f}", f"{low:.4f} to {high:.4f}"
    return (
        f"| `{name}` | {datasets.get(spec.dataset).title} | {spec.num_parameters:,} | {stated} | "
        f"{measured} | {interval} |\n"
    )


if __name__ == "__main__":
    sys.stdout.write(table())
