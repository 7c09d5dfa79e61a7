"""The drawing of a network: every layer in its place, nothing over another, text as text."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from cnn_core import models
from cnn_core.activations import ReceptiveField
from cnn_core.architecture import LayerSummary, Table, load
from dashboard.app_pages.models import diagram
from dashboard.app_pages.models.diagram_layout import BETWEEN_LANES, WIDTHS, Box, lay_out

EVERY = (*models.MODELS, *models.UNTRAINED)
TIMES = "\N{MULTIPLICATION SIGN}"
SVG = "{http://www.w3.org/2000/svg}"


def drawing(table: Table) -> ElementTree.Element:
    return ElementTree.fromstring(diagram.svg(table, "A network"))


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def layer(name: str, *inputs: str, **changes: object) -> LayerSummary:
    plain = LayerSummary(
        name=name, kind="Conv2D", settings="3×3", inputs=inputs, output_shape=(8, 8, 4),
        num_parameters=10, num_trainable=10, multiply_adds=100,
        receptive_field=ReceptiveField((3, 3), (1, 1), (0, 0)),
    )  # fmt: skip
    return replace(plain, **changes)


def by_first_layer(table: Table) -> dict[str, Box]:
    return {box.layers[0].name: box for box in lay_out(table)}


@pytest.mark.parametrize("name", EVERY)
def test_every_layer_has_one_place_and_boxes_lie_apart(name: str) -> None:
    table = load(name)
    boxes = lay_out(table)
    placed = [each.name for box in boxes for each in box.layers]
    assert sorted(placed) == sorted(each.name for each in table)
    for one, other in combinations(boxes, 2):
        is_beside = one.right < other.left or other.right < one.left
        assert is_beside or one.bottom < other.top or other.bottom < one.top, (one, other)
    for box in boxes:
        assert box.left >= 0
        assert all(boxes[source].bottom < box.top for source in box.sources)


@pytest.mark.parametrize("name", EVERY)
def test_drawing_tells_of_every_layer(name: str) -> None:
    table = load(name)
    root = drawing(table)
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    assert [title.split(":")[0] for title in titles] == [
        each.name for box in lay_out(table) for each in box.layers
    ]
    sizes = [float(root.attrib[side]) for side in ("width", "height")]
    assert all(math.isfinite(size) and size > 0 for size in sizes)
    assert "nan" not in diagram.svg(table, name)
    assert root.attrib["aria-label"] == "A network"


def test_drawing_of_the_study_network() -> None:
    said = texts(drawing(load("study")))
    for text in (
        "conv1",
        "Conv 3×3, relu",
        f"26{TIMES}26{TIMES}32, sees 3{TIMES}3",
        "320 parameters",
        "88.5%",
        "Dropout, rate 0.25",
        "9216",
        "<0.1%",
    ):
        assert text in said, text
    assert sum(text.endswith("%") for text in said) == 4
    assert diagram.num_lanes(load("study")) == 1


def test_bars_are_as_long_as_the_computation() -> None:
    """The largest layer fills its bar, one with a quarter of its multiply-adds a quarter."""
    table = (
        layer("image", kind="InputLayer", num_parameters=0, multiply_adds=0),
        layer("large", "image", multiply_adds=400),
        layer("small", "large", multiply_adds=100, receptive_field=None),
    )
    bars = [r for r in drawing(table).iter(f"{SVG}rect") if "x" in r.attrib]
    room, large, again, small = (float(bar.attrib["width"]) for bar in bars)
    assert room == large == again
    assert small == pytest.approx(room / 4, abs=0.1)
    assert texts(drawing(table)).count("80.0%") == texts(drawing(table)).count("20.0%") == 1


def test_layers_that_work_in_place_stand_at_the_foot() -> None:
    boxes = by_first_layer(load("resnet20"))
    conv = boxes["stage1_1_conv1"]
    assert [each.name for each in conv.layers] == [
        "stage1_1_conv1", "stage1_1_conv1_norm", "stage1_1_relu1",
    ]  # fmt: skip
    assert [each.name for each in boxes["stage1_1_add"].layers][1:] == ["stage1_1_relu2"]
    # Pooling keeps the shape here, but looks at neighbours.
    assert "inception1_pool" in by_first_layer(load("mini_inception"))


def test_ways_of_an_inception_block_stand_side_by_side_as_in_the_paper() -> None:
    boxes = by_first_layer(load("googlenet"))
    ways = [boxes[f"inception3a_{way}"] for way in ("1x1", "reduce3", "reduce5", "pool")]
    pitch = WIDTHS[2] + BETWEEN_LANES
    assert [box.left for box in ways] == [0, pitch, 2 * pitch, 3 * pitch]
    assert len({box.top for box in ways}) == 1
    for above, below in (("reduce3", "3x3"), ("reduce5", "5x5"), ("pool", "project")):
        assert boxes[f"inception3a_{above}"].left == boxes[f"inception3a_{below}"].left
    middle = (ways[0].middle + ways[3].middle) / 2
    assert boxes["pool2"].middle == boxes["inception3a"].middle == middle
    assert boxes["logits"].middle == middle


def test_shortcuts_go_around_and_those_with_a_layer_beside() -> None:
    boxes = by_first_layer(load("resnet20"))
    main = {box.left for name, box in boxes.items() if not name.endswith("shortcut")}
    assert main == {0}
    beside = boxes["stage2_1_shortcut"]
    assert beside.left == WIDTHS[1] + BETWEEN_LANES
    assert beside.top == boxes["stage2_1_conv1"].top
    drawn = {name: diagram.svg(load(name), name) for name in ("resnet20", "plain20")}
    colour = f'stroke="{diagram.COLOURS["shortcut"]}" stroke-width'
    # Seven blocks whose shortcut is a line around, two with a line to a layer and one from it.
    assert drawn["resnet20"].count(colour) == 7 + 2 * 2
    assert drawn["plain20"].count(colour) == 0


def test_ways_within_a_way_and_sums_in_any_order() -> None:
    table = (
        layer("image", kind="InputLayer"),
        layer("a", "image"),
        layer("b", "a"),
        layer("sum", "a", "b", kind="Add"),
        layer("last", "sum"),
    )
    assert {box.left for box in lay_out(table)} == {0}
    assert diagram.svg(table, "").count(diagram.COLOURS["shortcut"]) == 1


@pytest.mark.parametrize("name", EVERY)
def test_drawing_takes_the_colour_of_the_text(name: str) -> None:
    drawn = diagram.svg(load(name), name)
    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn))
    assert used <= {"currentColor", "none", *diagram.COLOURS.values()}


def test_names_are_text_and_long_ones_are_cut() -> None:
    hostile = '<script>alert("1")</script>&' * 3
    table = (layer("image", kind="InputLayer"), layer(hostile, "image"))
    drawn = diagram.svg(table, hostile)
    assert "<script" not in drawn
    root = ElementTree.fromstring(drawn)
    assert root.attrib["aria-label"] == hostile
    (cut,) = (text for text in texts(root) if text.startswith("<script"))
    assert cut.endswith("…")
    assert len(cut) < 50


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (472_827, "472,827"),
        (999_999, "999,999"),
        (11_992_448, "12.0 million"),
        (724_406_816, "724 million"),
        (15_470_264_320, "15.5 billion"),
    ],
)
def test_long_number(number: int, text: str) -> None:
    assert diagram.long_number(number) == text


def test_legend_names_every_colour() -> None:
    for name, colour in diagram.COLOURS.items():
        assert f'background:{colour}"></i>{name}' in diagram.legend()
