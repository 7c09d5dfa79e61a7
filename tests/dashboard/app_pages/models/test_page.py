"""The Models page through Home.py: every row, one network, what the classics teach."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
import streamlit as st

from cnn_core import architecture, datasets, models
from dashboard.app_pages.models import cached, classics, text
from dashboard.figures.text import plain
from support.alone import run_alone
from support.cards import write_card
from support.visitors import Visitor

EVERY = (*models.MODELS, *models.UNTRAINED)


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "_speeds", {})


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of shipped files that holds `study` and the tables, for tests to add to."""
    for file in (*models.PRETRAINED.glob("study.*"), architecture.tables_path()):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


def ship(shelf: Path, name: str, **changes: object) -> None:
    """Put the files of `study` on the shelf as those of another network, the card changed."""
    for kind in ("weights.h5", "predictions.npz"):
        shutil.copy(shelf / f"study.{kind}", shelf / f"{name}.{kind}")
    write_card(shelf, name, **changes)


def look(view: str, network: str | None = None, **address: str) -> Visitor:
    """A visitor at one view, and there at one network."""
    visitor = Visitor("models", **address)
    if view != text.ALL_NETWORKS:
        visitor.choose("models_view", view)
    if network is not None:
        visitor.choose("network", network)
    assert visitor.complaints() == []
    return visitor


def rows(html: str) -> dict[str, list[str]]:
    """The rows of all tables, by their first cells."""
    found = {}
    for line in html.split("<tr")[1:]:
        cells = [unescape(cell.split(">", 1)[1]) for cell in line.split("</t")[:-1] if ">" in cell]
        found[cells[0].split(">")[-1]] = [cell.split(">")[-1] for cell in cells[1:] if cell]
    return found


def drawings(visitor: Visitor) -> list[str]:
    return [shown for shown in visitor.text("markdown") if "<svg" in shown]


# --- The table of all networks ---


def test_table_holds_every_network_with_its_figures(shelf: Path) -> None:
    visitor = look(text.ALL_NETWORKS)
    html = visitor.html()
    for name in EVERY:
        spec = models.architecture(name)
        assert f"{spec.title}</th>" in html
        assert f"{spec.num_parameters:,}</td>" in html
    assert html.count(text.NOT_TRAINED_YET) == len(models.MODELS) - 1
    assert html.index(text.ONLY_TO_LOOK_AT) < html.index(">AlexNet<")
    card = models.load_card("study")
    cells = rows(html)[models.get("study").title]
    assert f"{100 * card.test_accuracy:.2f}%" in cells
    assert f"{100 * models.get('study').published_accuracy:.2f}%" in cells
    low, high = card.test_accuracy_interval_95
    assert f"{100 * low:.2f} to {100 * high:.2f}%" in cells
    # The columns of the networks that are only looked at are those of the others.
    place = cells.index(f"{models.get('study').num_parameters:,}")
    for name, classic in models.UNTRAINED.items():
        assert rows(html)[classic.title][place] == f"{classic.num_parameters:,}", name
    headings = [html.index(f">{row.title}, ") for row in datasets.DATASETS.values()]
    assert headings == sorted(headings)
    assert f"{models.weights_path('study').stat().st_size / 1e6:.1f}" in cells


@pytest.mark.slow
def test_table_says_what_a_published_figure_was_measured_on() -> None:
    captions = " ".join(look(text.ALL_NETWORKS).text("caption"))
    for spec in models.MODELS.values():
        if spec.published_note:
            assert spec.published_note[1:] in captions
    spec = models.get("course_cifar")
    (mark,) = re.findall(rf"(\S) {spec.published_note}", captions, re.IGNORECASE)
    assert f"{100 * spec.published_accuracy:.2f}%{mark}" in look(text.ALL_NETWORKS).html()


def test_a_damaged_card_is_one_sentence_and_the_rest_stays(shelf: Path) -> None:
    ship(shelf, "tutorial")
    (shelf / "tutorial.json").write_text("{", "utf-8")
    visitor = Visitor("models")
    (complaint,) = visitor.complaints()
    assert complaint.startswith("tutorial.json ")
    assert "99.23%" in visitor.html()


def test_missing_tables_are_one_sentence(shelf: Path) -> None:
    architecture.tables_path().unlink()
    visitor = Visitor("models")
    assert visitor.complaints() == []
    visitor.choose("models_view", text.ONE_NETWORK)
    (complaint,) = visitor.complaints()
    assert "python -m cnn_core.architecture" in complaint


@pytest.mark.slow
def test_milliseconds_are_measured_when_asked_for(shelf: Path) -> None:
    visitor = look(text.ALL_NETWORKS)
    assert cached.speeds() == {}
    visitor.press("measure_speed")
    assert visitor.complaints() == []
    assert cached.speeds().keys() == {"study", *classics.INCEPTIONS}
    html = visitor.html()
    for name, milliseconds in cached.speeds().items():
        assert 0 < milliseconds < 10_000
        assert f"{milliseconds:.2f}" in rows(html)[models.architecture(name).title]


# --- One network ---


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_network_is_drawn_and_summed_up(name: str) -> None:
    visitor = look(text.ONE_NETWORK, name)
    (drawn,) = drawings(visitor)
    start, end = drawn.index("<svg"), drawn.index("</svg>") + len("</svg>")
    assert ElementTree.fromstring(drawn[start:end]).tag.endswith("svg")
    spec, table = models.architecture(name), architecture.load(name)
    html = visitor.html()
    assert html.count("<tr") == len(table) + 2
    assert f"<b>{spec.num_parameters:,}</b>" in html
    total = sum(layer.multiply_adds for layer in table)
    assert f"{total:,}" in rows(html)[text.ALL_LAYERS]
    assert any(spec.description in said for said in visitor.text("markdown"))


def test_a_trained_network_shows_its_training_and_its_card() -> None:
    visitor, card = look(text.ONE_NETWORK, "study"), models.load_card("study")
    html = visitor.html()
    for fact in (card.command, card.dataset_sha256[:16], "11 min 4 s", "2.21.0"):
        assert fact in html
    assert card.training.departures in unescape(html)
    (raw,) = visitor.text("json")
    assert json.loads(raw) == json.loads(json.dumps(dataclasses.asdict(card)))
    assert len(visitor.app.main.get("plotly_chart")) == 1
    assert visitor.text("info") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", models.UNTRAINED)
def test_a_classic_says_that_it_is_not_trained(name: str) -> None:
    visitor = look(text.ONE_NETWORK, name)
    classic = text.CLASSIC.format(title=models.architecture(name).title)
    assert visitor.text("info") == [classic]
    assert len(visitor.app.main.get("plotly_chart")) == 0
    assert "use_everywhere" not in [button.key for button in visitor.app.button]


def test_a_network_not_trained_yet_says_what_trains_it(shelf: Path) -> None:
    (said,) = look(text.ONE_NETWORK, "resnet20").text("info")
    assert "`python -m cnn_core.training resnet20`" in said


@pytest.mark.slow
def test_the_picker_begins_with_the_sidebars_model_and_can_set_it(shelf: Path) -> None:
    ship(shelf, "tutorial")
    visitor = look(text.ONE_NETWORK)
    assert "conv1: Conv2D 3×3" in drawings(visitor)[0]
    visitor = look(text.ONE_NETWORK, "tutorial")
    assert "conv1: Conv2D 5×5" in drawings(visitor)[0]
    (model,) = (box for box in visitor.app.sidebar.get("selectbox") if box.key == "model")
    assert model.value == "study"
    visitor.press("use_everywhere")
    (model,) = (box for box in visitor.app.sidebar.get("selectbox") if box.key == "model")
    assert model.value == "tutorial"
    assert "conv1: Conv2D 5×5" in drawings(visitor)[0]
    assert "use_everywhere" not in [button.key for button in visitor.app.button]
    visitor.choose("model", "study")
    assert "conv1: Conv2D 3×3" in drawings(visitor)[0]


# --- What the classics teach ---


@pytest.mark.slow
def test_bottleneck_in_figures() -> None:
    visitor = look(text.LESSONS)
    said = " ".join(visitor.text("markdown"))
    assert "25 · 32 · 192 = 153,600" in said
    assert "16 · 192 + 25 · 32 · 16 = 15,872" in said
    assert "**9.7 " in said
    found = rows(visitor.html())
    ours, direct = (models.architecture(name).title for name in classics.INCEPTIONS)
    assert {"8,480,000", "81,138"} <= set(found[ours])
    assert {"21,767,424", "215,026"} <= set(found[direct])
    fewer = text.FEWER.format(factor=2.6)
    assert fewer + text.NOT_MEASURED in visitor.text("caption")
    visitor.press("measure_speed")
    assert cached.speeds().keys() == set(classics.INCEPTIONS)
    fast, slow = (cached.speeds()[name] for name in classics.INCEPTIONS)
    milliseconds = text.MILLISECONDS.format(ours=fast, direct=slow)
    assert fewer + milliseconds in " ".join(visitor.text("caption"))


@pytest.mark.slow
def test_lessons_without_cards_say_what_trains_them(shelf: Path) -> None:
    visitor = look(text.LESSONS)
    said = " ".join(visitor.text("info"))
    for name in (*classics.RESIDUALS, *classics.LENETS):
        assert f"`python -m cnn_core.training {name}`" in said
    assert len(visitor.app.main.get("plotly_chart")) == 0
    partial, full = (models.architecture(name).title for name in classics.LENETS)
    assert {"1,516", "150,000"} <= set(rows(visitor.html())[partial])
    assert {"2,416", "240,000"} <= set(rows(visitor.html())[full])


@pytest.mark.slow
def test_shortcuts_are_compared_from_the_cards(shelf: Path) -> None:
    apart, near = [0.82, 0.84], [0.835, 0.855]
    ship(shelf, "resnet20", test_accuracy=0.86, test_accuracy_interval_95=[0.85, 0.87])
    ship(shelf, "plain20", test_accuracy=0.83, test_accuracy_interval_95=apart)
    visitor = look(text.LESSONS)
    residual, direct = (models.architecture(name).title for name in classics.RESIDUALS)
    assert {"86.00%", "85.00 to 87.00%"} <= set(rows(visitor.html())[residual])
    lead = text.LEAD.format(better=plain(residual), points=3, worse=plain(direct))
    assert lead + text.APART in visitor.text("caption")
    assert len(visitor.app.main.get("plotly_chart")) == 1
    ship(shelf, "plain20", test_accuracy=0.845, test_accuracy_interval_95=near)
    st.cache_resource.clear()
    lead = text.LEAD.format(better=plain(residual), points=1.5, worse=plain(direct))
    assert lead + text.OVERLAP in look(text.LESSONS).text("caption")


def test_curves_of_networks_trained_for_unlike_times(shelf: Path) -> None:
    history = copy.deepcopy(models.load_card("study").history)
    ship(shelf, "resnet20", history={key: values[:3] for key, values in history.items()})
    ship(shelf, "plain20", history=history)
    assert len(look(text.LESSONS).app.main.get("plotly_chart")) == 1


# --- TensorFlow ---


@pytest.mark.slow
def test_nothing_but_the_milliseconds_waits_for_tensorflow() -> None:
    run_alone(
        """
from dashboard.app_pages.models import text
visitor = Visitor("models")
assert visitor.complaints() == []
assert "138,357,544" in visitor.html()
visitor.choose("models_view", text.ONE_NETWORK)
visitor.choose("network", "vgg16")
assert any("conv5_3" in said for said in visitor.text("markdown"))
visitor.choose("models_view", text.LESSONS)
assert "21,767,424" in visitor.html()
assert visitor.complaints() == []
assert not tensorflow_loader.is_ready()
opened.set()
tensorflow_loader.wait()
""",
        on_import="opened.wait()",
    )
