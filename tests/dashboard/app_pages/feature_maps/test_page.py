"""The Feature maps page: what every layer makes of the picture."""

from __future__ import annotations

import re

import pytest

from dashboard.app_pages.feature_maps import views as feature_maps
from support.visitors import Visitor


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "count", "field"), [("conv1", 32, 3), ("conv2", 64, 5), ("pool", 64, 6)]
)
def test_every_layer_shows_all_its_maps(layer: str, count: int, field: int) -> None:
    visitor = Visitor("feature_maps")
    visitor.choose("map_layer_study", layer)
    assert len(visitor.component(f"maps_{layer}")["captions"]) == count
    assert visitor.component("unit_probe")["box"] == [field, field]
    visitor.click_tile(f"maps_{layer}", count - 1)
    (heading,) = visitor.text("subheader")
    assert re.fullmatch(rf"{layer}\D+{count - 1}", heading)
    assert visitor.component(f"maps_{layer}")["selected"] == count - 1
    assert visitor.complaints() == []


def test_dense_layers_show_their_units_and_layers_that_repeat_others_are_left_out() -> None:
    visitor = Visitor("feature_maps")
    assert visitor.options("map_layer_study") == ["conv1", "conv2", "pool", "dense", "logits"]
    visitor.choose("map_layer_study", "dense")
    assert re.match(r"128\b", visitor.text("caption")[0])
    visitor.choose("map_layer_study", "logits")
    assert re.match(r"10\b", visitor.text("caption")[0])
    assert visitor.complaints() == []


def test_an_edited_digit_is_compared_with_the_original(drawn: Visitor) -> None:
    drawn.go_to("feature_maps")
    sprites, digits = [], []
    for view in (feature_maps.CURRENT, feature_maps.ORIGINAL, feature_maps.DIFFERENCE):
        drawn.choose("map_view", view)
        assert drawn.complaints() == []
        assert drawn.component("unit_probe")["map_title"] == view
        sprites.append(drawn.component("maps_conv1")["sprite"])
        digits.append(drawn.component("unit_probe")["digit"]["rgb"])
    assert len(set(sprites)) == 3
    assert digits[0] != digits[1]
    assert digits[0] == digits[2]
    assert drawn.component("unit_probe")["scale"]["low"] < 0
    drawn.choose("map_layer_study", "dense")
    assert drawn.complaints() == []
    drawn.choose("map_layer_study", "conv1")
    drawn.press("digit_next")
    assert drawn.complaints() == []
    assert drawn.component("unit_probe")["map_title"] == feature_maps.MAP_TITLE
