"""The overview: the way through the network, the gallery, the credits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnn_core import datasets, models
from dashboard.session import image_name
from support.visitors import Visitor, forget_pictures


def test_the_overview_shows_the_way_through_the_network() -> None:
    html = Visitor().html()
    stages = re.findall("<h3>(.*?)</h3>", html)
    assert len(stages) == 4
    assert [stage.split()[-1] for stage in stages[1:3]] == ["conv1", "conv2"]
    assert [part.count("<img") for part in html.split("<section>")[1:]] == [1, 9, 9, 0]
    assert html.count('class="cl-bar') == 11


def test_a_click_in_the_gallery_chooses_the_digit() -> None:
    visitor = Visitor()
    gallery = visitor.component("gallery")
    visitor.click_tile("gallery", 3)
    (index,) = re.findall(r"\d+", gallery["captions"][3])
    assert visitor.card_says()[0] == image_name("digit", int(index))
    assert visitor.component("gallery")["selected"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["study", "cifar_simple", "course_fc"])
def test_the_overview_credits_the_pictures(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = datasets.get(models.get(name).dataset)
    expected = re.compile(".*".join(map(re.escape, (row.title, row.source, row.licence))))
    assert any(map(expected.search, Visitor(model=name).text("caption")))
    for variable in ("CNN_LENS_DATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    forget_pictures()
    credited = any(map(expected.search, Visitor(model=name).text("caption")))
    assert credited, "before a download too"
    forget_pictures()
