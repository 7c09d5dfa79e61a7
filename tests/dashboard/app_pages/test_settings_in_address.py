"""Every control of every page is in the page's address, and the address brings it back."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import navigation
from dashboard.session.settings import IGNORED
from dashboard.widgets.canvas.codec import to_text
from support.sentences import pattern_of
from support.visitors import STEM, Visitor

PAGES = tuple(page.name for page in navigation.PAGES)
KINDS = (
    "selectbox",
    "slider",
    "select_slider",
    "number_input",
    "button_group",
    "toggle",
    "multiselect",
    "checkbox",
    "radio",
    "text_input",
)
# Controls that are no setting of a view.
NO_SETTINGS = {
    "model": "the sidebar writes the network",
    "digit": "Streamlit writes the test picture",
    "use_camera": "a link opens nobody's camera",
}
# An address of each page whose settings all differ from their defaults.
ADDRESSES: dict[str, dict[str, str]] = {
    "overview": {"class": "7"},
    "draw_and_erase": {"wanted": "4", "by": "adding", "width": "pixel"},
    "attention": {
        "view": "two_classes",
        "method": "integrated_gradients",
        "target": "3",
        "rival": "9",
        "overlay": "0.3",
        "steps": "20",
    },
    "occlusion": {
        "patch_size": "7",
        "stride": "3",
        "fill": "white",
        "quantity": "margin",
        "target": "4",
    },
    "faithfulness": {"methods": "occlusion.rise", "count": "4"},
    "filters": {"layer": "conv2", "channel": "3", "filter": "1", "order": "by_norm"},
    "feature_maps": {"layer": "conv2", "channel": "5"},
    "neuron": {"layer": "conv2", "channel": "5", "held": "its_mean"},
    "embedding": {"class": "7"},
    "misclassified": {"true": "4", "answer": "9"},
    "one_vs_two": {"step": "3"},
    "robustness": {"change": "noise", "strength": "0.4"},
    "compare": {"second": "lenet5", "method": "occlusion", "target": "4", "layer": "conv2"},
    "evaluation": {"view": "class_by_class"},
    "models": {"view": "one_network", "network": "lenet5"},
    "experiments": {"experiment": "dropout"},
}
every_page = pytest.mark.parametrize("page", PAGES)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled")]


def controls(visitor: Visitor) -> dict[str, Any]:
    """The controls of a page that are settings, by key."""
    shown = {each.key: each for kind in KINDS for each in visitor.app.get(kind)}
    return {key: each for key, each in shown.items() if key not in NO_SETTINGS}


def declared(visitor: Visitor) -> set[str]:
    return {key for _, key in visitor.app.session_state["address_declared"]}


def parameters(visitor: Visitor) -> set[str]:
    return {parameter for parameter, _ in visitor.app.session_state["address_declared"]}


@every_page
def test_every_control_of_a_page_is_in_its_address(page: str) -> None:
    visitor = Visitor(page, ink=to_text(STEM))
    assert set(controls(visitor)) <= declared(visitor)
    sliders = {
        each.proto.id.rsplit("-", 1)[-1]
        for each in visitor.app.get("bidi_component")
        if '"minimum"' in each.proto.json
    }
    assert {f"{key}_kept" for key in sliders} <= declared(visitor)


@every_page
def test_an_address_brings_its_settings_back(page: str) -> None:
    visitor = Visitor(page, **ADDRESSES[page])
    assert visitor.complaints() == []
    assert [toast.value for toast in visitor.app.toast] == []
    assert visitor.address() == ADDRESSES[page]
    visitor.go_to("filters" if page == "overview" else "overview")
    kept = {"class"} & ADDRESSES[page].keys()
    assert visitor.address().keys() == kept
    visitor.go_to(page)
    assert visitor.address() == ADDRESSES[page]


@every_page
@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", "9" * 400, "../../etc"])
def test_a_hostile_address_is_named_and_does_no_harm(page: str, hostile: str) -> None:
    visitor = Visitor(page, **dict.fromkeys(ADDRESSES[page], hostile))
    assert visitor.complaints() == []
    notices = [toast.value for toast in visitor.app.toast]
    assert notices
    for notice in notices:
        assert pattern_of(IGNORED).fullmatch(notice)
        assert len(notice) < 200
        assert "<" not in notice
    assert not visitor.address().keys() & parameters(visitor)
