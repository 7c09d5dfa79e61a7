"""Every control of every page is in the page's address, and the address brings it back."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import navigation
from dashboard.widgets.canvas.codec import to_text
from support.visitors import STEM, Visitor

PAGES = tuple(page.name for page in navigation.PAGES)
KINDS = (
    "selectbox", "slider", "select_slider", "number_input", "button_group", "toggle", "multiselect",
    "checkbox", "radio", "text_input",
)  # fmt: skip
# Controls that are no setting of a view.
NO_SETTINGS = {
    "model": "the sidebar writes the network",
    "digit": "Streamlit writes the test picture",
    "use_camera": "nobody's camera is opened by a link",
}


def controls(visitor: Visitor) -> dict[str, Any]:
    """The controls of a page by key; a slider of ours stands for the value that it keeps."""
    shown = {each.key: each for kind in KINDS for each in visitor.app.get(kind)}
    return {key: each for key, each in shown.items() if key not in NO_SETTINGS}


def declared(visitor: Visitor) -> set[str]:
    return {key for _, key in visitor.app.session_state["address_declared"]}


def another(control: Any) -> Any:
    """A value that a control does not have now."""
    if control.type in ("slider", "number_input"):
        return control.max if control.value != control.max else control.min
    if control.type == "toggle":
        return not control.value
    return None


@pytest.mark.slow
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("page", PAGES)
def test_every_control_of_a_page_is_in_its_address(page: str) -> None:
    visitor = Visitor(page, model="study", ink=to_text(STEM))
    assert set(controls(visitor)) <= declared(visitor)
    sliders = {
        each.proto.id.rsplit("-", 1)[-1]
        for each in visitor.app.get("bidi_component")
        if "minimum" in each.proto.json
    }
    assert {f"{key}_kept" for key in sliders} <= declared(visitor)
