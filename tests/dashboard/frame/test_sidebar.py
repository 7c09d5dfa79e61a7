"""The sidebar of every page: the network, the current digit, the ways to choose another."""

from __future__ import annotations

import numpy as np
import pytest

from cnn_core import datasets, models
from dashboard.frame import sidebar
from dashboard.session import image_name
from support.visitors import Visitor

pytestmark = pytest.mark.usefixtures("tensorflow")


def test_the_sidebar_names_the_model_with_the_figures_of_its_card() -> None:
    visitor, card = Visitor(), models.load_card("study")
    trained = [row for row in models.MODELS.values() if models.is_trained(row.name)]
    assert len(visitor.options("model")) == len(trained)
    assert visitor.options("model")[0] == models.MODELS["study"].title
    (caption,) = (element.value for element in visitor.app.sidebar.caption)
    assert f"{100 * card.test_accuracy:.1f}%" in caption
    assert f"{card.num_parameters:,}" in caption


def test_next_and_previous_walk_through_the_test_digits() -> None:
    visitor = Visitor()
    assert visitor.card_says() == (image_name("digit", 1), "2")
    visitor.press("digit_next")
    assert visitor.card_says()[0] == image_name("digit", 2)
    for index in (1, 0, 9999):
        visitor.press("digit_previous")
        assert visitor.card_says()[0] == image_name("digit", index)
    visitor.press("digit_next")
    assert visitor.card_says()[0] == image_name("digit", 0)


def test_a_random_digit_is_another_one() -> None:
    visitor = Visitor()
    visitor.press("digit_random")
    assert visitor.card_says()[0] != image_name("digit", 1)
    assert visitor.complaints() == []


def test_the_index_chooses_a_digit(test_split: datasets.Split) -> None:
    visitor = Visitor()
    visitor.choose("digit", 151)
    assert visitor.card_says()[0] == image_name("digit", 151)
    assert sidebar.TRUE_CLASS.format(name=test_split.labels[151]) in visitor.card()


def test_a_class_keeps_next_previous_and_random_within_it(test_split: datasets.Split) -> None:
    visitor = Visitor()
    visitor.choose("of_class_mnist", "7")
    sevens = np.flatnonzero(test_split.labels == 7)
    assert visitor.card_says()[0] == image_name("digit", sevens[0])
    visitor.press("digit_next")
    assert visitor.card_says()[0] == image_name("digit", sevens[1])
    visitor.press("digit_previous")
    visitor.press("digit_previous")
    assert visitor.card_says()[0] == image_name("digit", sevens[-1])
    visitor.press("digit_random")
    assert sidebar.TRUE_CLASS.format(name=7) in visitor.card()


def test_a_class_that_the_digit_has_already_keeps_it() -> None:
    visitor = Visitor(digit="38")
    visitor.choose("of_class_mnist", "2")
    assert visitor.card_says()[0] == image_name("digit", 38)
