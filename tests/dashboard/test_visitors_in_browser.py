"""Several visitors draw on one fresh server at once, and each sees what is its own."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cnn_core.datasets import Split
from dashboard.figures.pictures import data_uri
from support.paths import ROOT
from support.server import serving
from support.websocket_visitors import WIDEST_ERROR, Visitor, is_shown, pictures, visit

if TYPE_CHECKING:
    import keras

VISITORS, STROKES, UPDATES = 6, 3, 5
Table = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(ROOT / "dashboard" / "Home.py") as address:
        yield address


@pytest.fixture(scope="module")
def table(study: keras.Model, test_split: Split) -> Table:
    """For each visitor, stroke and update the picture sent and the bars that it must lead to."""
    shape = (VISITORS, STROKES, UPDATES)
    levels, expected = pictures(study, test_split.images, math.prod(shape), seed=0)
    return levels.reshape(*shape, 28, 28), expected.reshape(*shape, -1)


def run(visits: Coroutine[Any, Any, None]) -> None:
    """Run visits on a thread of their own: Playwright keeps a loop running on the main one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, visits).result()


def test_no_two_pictures_have_the_same_answer(table: Table) -> None:
    _, expected = table
    for one, other in combinations(expected.reshape(-1, expected.shape[-1]), 2):
        assert np.abs(one - other).max() > 10 * WIDEST_ERROR


def test_visitors_of_a_fresh_server_see_the_answers_to_their_own_pixels(
    address: str, table: Table
) -> None:
    async def draw_all(number: int) -> None:
        levels, expected = (part[number] for part in table)
        async with visit(address, first_sequence=1000 * number) as visitor:
            for stroke in range(STROKES):
                await draw(visitor, levels[stroke], expected[stroke])
                # The digit before all edits is in the strip too.
                assert visitor.shown.num_edits == stroke + 2
        assert visitor.acknowledged == 1000 * number + STROKES * UPDATES

    async def draw_together() -> None:
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for number in range(VISITORS):
                group.create_task(draw_all(number))

    run(draw_together())


async def draw(visitor: Visitor, levels: np.ndarray, expected: np.ndarray) -> None:
    """Draw one stroke and look at what the page shows after each update."""
    for i, (picture, bars) in enumerate(zip(levels, expected, strict=True), 1):
        sequence = await visitor.draw(picture, is_final=i == len(levels))
        shown = await visitor.follow(sequence)
        assert is_shown(shown, bars), (sequence, shown.percentages, bars)
        assert shown.thumbnail == data_uri(picture)


def test_an_update_that_is_overtaken_does_no_harm(address: str, table: Table) -> None:
    levels, expected = (part.reshape(-1, *part.shape[3:]) for part in table)

    async def hurry() -> None:
        async with asyncio.timeout(120), visit(address) as visitor:
            for picture in levels[:-1]:
                await visitor.draw(picture, is_final=False)
            shown = await visitor.follow(await visitor.draw(levels[-1], is_final=True))
            assert is_shown(shown, expected[-1])
            assert shown.thumbnail == data_uri(levels[-1])
            assert shown.num_edits == 2

    run(hurry())
