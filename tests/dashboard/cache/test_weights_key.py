"""A network that is trained anew under the same name, while the server runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnn_core import models
from cnn_core.errors import MissingFileError
from cnn_core.studies import results
from dashboard import tensorflow_loader
from dashboard.app_pages.draw_and_erase import cached
from dashboard.app_pages.neuron import text as neuron_text
from dashboard.app_pages.robustness import text as robustness_text
from dashboard.figures.text import plain
from support.cards import write_card
from support.networks import randomize
from support.visitors import Visitor, forget_results

NAME = "strided_8_filters"
SHIPPED = models.PRETRAINED


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of the shipped files."""
    tensorflow_loader.wait()
    (tmp_path / f"{NAME}.predictions.npz").symlink_to(models.PRETRAINED / f"{NAME}.predictions.npz")
    write_card(tmp_path, NAME, weights_sha256=models.weights_sha256(NAME))
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    yield tmp_path
    forget_results()


def train_anew(seed: int) -> None:
    """Write other weights under the same name, with their card."""
    network = models.build(NAME)
    randomize(network, seed)
    network.save_weights(models.weights_path(NAME))
    sha256 = models.sha256(models.weights_path(NAME))
    write_card(models.PRETRAINED, NAME, weights_sha256=sha256)


def filters(visitor: Visitor) -> str:
    return str(visitor.app.main.get("plotly_chart")[0].proto.spec)


def weights_table(visitor: Visitor) -> str:
    return str(visitor.app.dataframe[0].value.to_json())


def maps(visitor: Visitor) -> str:
    return str(visitor.component("maps_conv1"))


def kernel(visitor: Visitor) -> str:
    (picture,) = re.findall(f'<img[^>]*alt="{neuron_text.WEIGHTS_IMAGE}"[^>]*>', visitor.html())
    return str(picture)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("filters", filters),
        ("filters", weights_table),
        ("feature_maps", maps),
        ("neuron", kernel),
    ],
)
def test_a_page_shows_the_new_weights(page: str, shown, shelf: Path) -> None:  # type: ignore[no-untyped-def]
    found = []
    for seed in (1, 2):
        train_anew(seed)
        visitor = Visitor(page, model=NAME)
        assert visitor.complaints() == []
        found.append(shown(visitor))
    assert found[0] != found[1]
    train_anew(1)
    assert shown(Visitor(page, model=NAME)) == found[0], "the difference is the weights' own"


@pytest.mark.slow
def test_the_robustness_of_old_weights_is_not_shown(shelf: Path) -> None:
    models.weights_path(NAME).symlink_to(SHIPPED / f"{NAME}.weights.h5")
    before = Visitor("robustness", model=NAME)
    assert before.complaints() == []
    assert before.app.main.get("plotly_chart")[-1].proto.id.endswith("-accuracies")
    models.weights_path(NAME).unlink()
    train_anew(1)
    after = Visitor("robustness", model=NAME)
    assert after.complaints() == []
    title = plain(models.get(NAME).title)
    assert after.text("info")[-1] == robustness_text.NOT_MEASURED.format(title=title)


def test_the_smallest_edits_of_old_weights_are_not_shown(shelf: Path) -> None:
    for path in SHIPPED.glob("study.*"):
        (shelf / path.name).symlink_to(path)
    assert cached.study().rows
    (shelf / "study.json").unlink()
    write_card(shelf, "study", weights_sha256="of others")
    with pytest.raises(MissingFileError, match=re.escape(str(results.outdated("smallest_edits")))):
        cached.study()
