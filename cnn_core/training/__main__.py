"""Train a network and ship it: `python -m cnn_core.training NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from cnn_core import models
from cnn_core.errors import CnnCoreError
from cnn_core.training import PRECISIONS, train_pretrained


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
    accuracy = msgspec.json.decode(card.read_bytes(), type=models.ModelCard).test_accuracy
    parser.exit(0, f"Test accuracy {accuracy:.4f}; wrote {card}\n")


if __name__ == "__main__":
    main()
