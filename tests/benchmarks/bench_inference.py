"""How long one answer takes: `python tests/benchmarks/bench_inference.py [--rounds 100]`.

Compares inference.predict with calling the network and with its own predict, on one digit.
Target: inference.predict under 5 ms.
"""

from __future__ import annotations

import argparse

from timing import machine, seconds, table

from cnn_core import datasets, inference, models


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How long one answer takes.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--model", default="study", help=f"one of: {', '.join(models.MODELS)}")
    arguments = parser.parse_args()
    model = models.load_pretrained(arguments.model)
    digit = datasets.load(models.get(arguments.model).dataset, split="test").images[:1]
    ways = {
        "inference.predict(model, digit)": lambda: inference.predict(model, digit),
        "model(digit, training=False)": lambda: model(digit, training=False).numpy(),
        "model.predict(digit)": lambda: model.predict(digit, verbose=0),
    }
    seconds(ways, rounds=3)  # compiles
    print(machine())
    print("\n".join(table(seconds(ways, arguments.rounds), "inference.predict(model, digit)")))


if __name__ == "__main__":
    main()
