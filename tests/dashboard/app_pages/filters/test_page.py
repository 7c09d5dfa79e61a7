"""The Filters page: the learnt weights by layer, channel and order."""

from __future__ import annotations

import re

from cnn_core import models
from dashboard.app_pages.filters import views as filters
from support.visitors import Visitor


def test_filters_by_layer_channel_and_order() -> None:
    visitor = Visitor("filters")
    assert re.findall(r"\d+", visitor.text("caption")[0])[:4] == ["32", "3", "3", "1"]
    visitor.choose("filter_layer_study", "conv2")
    assert re.findall(r"\d+", visitor.text("caption")[0])[:4] == ["64", "3", "3", "32"]
    first = visitor.app.main.get("plotly_chart")[0].proto.spec
    visitor.choose("channel_conv2", 31)
    second = visitor.app.main.get("plotly_chart")[0].proto.spec
    visitor.choose("filter_order", filters.BY_NORM)
    third = visitor.app.main.get("plotly_chart")[0].proto.spec
    assert len({first, second, third}) == 3
    assert visitor.complaints() == []


def test_every_weight_array_has_its_figures() -> None:
    (table,) = Visitor("filters").app.main.dataframe
    layers = ["conv1", "conv1", "conv2", "conv2", "dense", "dense", "logits", "logits"]
    names, _, sizes, *_ = (table.value[column] for column in table.value)
    assert names.tolist() == layers
    assert sizes.sum() == models.load_card("study").num_parameters
