"""A class at once: `python tests/benchmarks/bench_visitors.py [VISITORS] [SECONDS] [--maps]`.

Starts the app and lets visitors without a browser draw, each without pause: strokes of ten updates
with at least 100 ms between them, as the canvas sends them, then the pen goes up. Every
answer is compared with the network's answer, computed here, to the very pixels sent.
Target: ten visitors, no wrong answer, 95% of all answers within 300 ms.

With `--maps` they read instead: each has a digit of its own on the Attention page and asks every
few seconds for the map of another class, which comes with the tests of whether it can be believed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from timing import machine

from cnn_core import datasets, models

sys.path.insert(0, str(Path(__file__).parents[1]))
# Before tests/, which has folders named like the packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.paths import ROOT
from support.server import serving
from support.websocket_visitors import Visitor, is_shown, pictures, read, visit

APP = ROOT / "dashboard" / "Home.py"
PAUSE = 0.1  # s between two updates of the canvas
UPDATES = 10  # of a stroke, the last of them when the pen goes up
STROKES = 20  # of a visitor, again and again
THOUGHT = 5.0  # s on average between a map and the next question

HEAD = f"{'':<16}{'answers':>7}{'median':>13}{'95%':>13}{'most':>13}"

Table = tuple[np.ndarray, np.ndarray]


@dataclass
class Tally:
    """What all visitors met; seconds from sending an update to its acknowledgement."""

    drawing: list[float] = field(default_factory=list)
    pen_up: list[float] = field(default_factory=list)
    num_wrong: int = 0
    num_bytes: int = 0


async def stroke(
    visitor: Visitor, levels: np.ndarray, expected: np.ndarray, tally: Tally, chance: random.Random
) -> None:
    """Draw one stroke: ten pictures (28, 28), each with the bars (classes,) it must lead to."""
    for picture, bars in zip(levels[:-1], expected[:-1], strict=True):
        sent = time.perf_counter()
        shown = await visitor.follow(await visitor.draw(picture, is_final=False))
        tally.drawing.append(time.perf_counter() - sent)
        tally.num_wrong += not is_shown(shown, bars)
        await asyncio.sleep(max(0, sent + PAUSE - time.perf_counter()))
    # The pen goes up at any time, so often before the latest update is answered.
    await visitor.draw(levels[-2], is_final=False)
    await asyncio.sleep(chance.uniform(0, PAUSE))
    sent = time.perf_counter()
    shown = await visitor.follow(await visitor.draw(levels[-1], is_final=True))
    tally.pen_up.append(time.perf_counter() - sent)
    tally.num_wrong += not is_shown(shown, expected[-1])


async def draw_on(address: str, number: int, seconds: float, table: Table, tally: Tally) -> None:
    """One visitor, from the first visit to the last stroke."""
    chance = random.Random(number)
    async with visit(address, first_sequence=1_000_000 * number) as visitor:
        await asyncio.sleep(chance.uniform(0, 1))
        started, before = time.perf_counter(), visitor.num_bytes
        for levels, expected in itertools.cycle(zip(*table, strict=True)):
            await stroke(visitor, levels, expected, tally, chance)
            if time.perf_counter() > started + seconds:
                break
        tally.num_bytes += visitor.num_bytes - before


async def draw_together(address: str, tables: list[Table], seconds: float) -> Tally:
    """Let all visitors draw at once."""
    tally = Tally()
    async with asyncio.TaskGroup() as group:
        for number, table in enumerate(tables):
            group.create_task(draw_on(address, number, seconds, table, tally))
    return tally


async def read_on(
    address: str, levels: np.ndarray, number: int, seconds: float, waits: list[tuple[float, float]]
) -> None:
    """One visitor who asks for the maps of one class after another."""
    chance = random.Random(number)
    async with read(address, levels) as reader:
        started = time.perf_counter()
        while time.perf_counter() < started + seconds:
            await asyncio.sleep(chance.uniform(0, 2 * THOUGHT))
            waits.append(await reader.ask(chance.choice(reader.classes)))


async def read_together(
    address: str, levels: np.ndarray, seconds: float
) -> list[tuple[float, float]]:
    """Let as many visitors as there are digits read at once."""
    waits: list[tuple[float, float]] = []
    async with asyncio.TaskGroup() as group:
        for number, each in enumerate(levels):
            group.create_task(read_on(address, each, number, seconds, waits))
    return waits


def tables_for(count: int) -> list[Table]:
    """For each visitor the strokes to draw and the bars that each picture must lead to."""
    model, images = models.load_pretrained("study"), datasets.load("mnist", split="test").images
    drawn = (pictures(model, images, STROKES * UPDATES, seed) for seed in range(count))
    return [
        (
            levels.reshape(STROKES, UPDATES, 28, 28),
            expected.reshape(STROKES, UPDATES, -1),
        )
        for levels, expected in drawn
    ]


def line(name: str, seconds: list[float]) -> str:
    """Count, median, 95th percentile and maximum."""
    middle, high, most = 1000 * np.quantile(seconds, (0.5, 0.95, 1.0))
    return f"{name:<16}{len(seconds):>7}{middle:>10.0f} ms{high:>10.0f} ms{most:>10.0f} ms"


def bench_drawing(address: str, count: int, seconds: float) -> None:
    """Print how long visitors wait who draw."""
    tables = tables_for(count)
    asyncio.run(draw_together(address, tables[:1], 2))
    tally = asyncio.run(draw_together(address, tables, seconds))
    num_answers = len(tally.drawing) + len(tally.pen_up)
    print(
        f"{count} visitors, {seconds:g} s, {num_answers / seconds:.0f} answers a second, "
        f"{tally.num_bytes / num_answers / 1024:.1f} KiB each, {tally.num_wrong} of them wrong"
    )
    print(HEAD)
    print(line("while drawing", tally.drawing))
    print(line("pen up, maps", tally.pen_up))
    print(line("all", tally.drawing + tally.pen_up))


def bench_reading(address: str, count: int, seconds: float) -> None:
    """Print how long visitors wait who ask for maps."""
    images = datasets.load("mnist", split="test").images[: count + 1, ..., 0]
    levels = np.round(255 * images).astype(np.uint8)
    asyncio.run(read_together(address, levels[count:], 2))
    waits = asyncio.run(read_together(address, levels[:count], seconds))
    print(f"{count} visitors, {seconds:g} s, a question every {THOUGHT:g} s and what they waited")
    print(HEAD)
    print(line("map", [came for came, _ in waits]))
    print(line("with its tests", [known for _, known in waits]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="A class at once.")
    parser.add_argument("visitors", type=int, nargs="?", default=10)
    parser.add_argument("seconds", type=float, nargs="?", default=20)
    parser.add_argument("--maps", action="store_true", help="ask for maps instead of drawing")
    parser.add_argument("--address", help="of an app that runs already, such as http://host:8501")
    arguments = parser.parse_args()
    bench = bench_reading if arguments.maps else bench_drawing
    print(machine())
    with nullcontext(arguments.address) if arguments.address else serving(APP) as address:
        bench(address, arguments.visitors, arguments.seconds)


if __name__ == "__main__":
    main()
