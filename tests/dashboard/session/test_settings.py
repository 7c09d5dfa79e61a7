"""How settings stand in an address, and what an address can do to them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.session import Choice, Number, Several, Switch
from dashboard.session.settings import IGNORED

METHODS = Choice(("gradient_saliency", "Two classes", 7), str)


@pytest.mark.parametrize(
    ("values", "value", "text"),
    [
        (METHODS, "gradient_saliency", "gradient_saliency"),
        (METHODS, "Two classes", "two_classes"),
        (METHODS, 7, "7"),
        (Choice((-1, 0, 1), ("cat", "dog", "none").__getitem__), -1, "none"),
        (Several(("occlusion", "rise", "lime")), ["occlusion", "lime"], "occlusion.lime"),
        (Number(-30, 30, float), -2.5, "-2.5"),
        (Number(-30, 30, float), 0.3, "0.3"),
        (Number(1, 14), 14, "14"),
        (Switch(), True, "1"),
        (Switch(), False, "0"),
    ],
)
def test_a_value_is_read_as_it_was_written(values: Any, value: Any, text: str) -> None:
    assert values.write(value) == text
    read = values.read(text)
    assert read == value
    assert type(read) is type(value)


EVERY = (METHODS, Several(("occlusion", "rise")), Number(1, 14), Number(0, 1, float), Switch())


@given(st.text(), st.sampled_from(EVERY))
def test_any_text_is_a_value_or_refused(text: str, values: Any) -> None:
    try:
        value = values.read(text)
    except ValueError:
        return
    assert values.read(values.write(value)) == value


@pytest.mark.parametrize(
    "text",
    ["", "0", "15", "1e1", "nan", "inf", "\N{ARABIC-INDIC DIGIT ONE}", "1" * 400, "3.5", " 3"],
)
def test_a_number_out_of_its_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the page words it
        Number(1, 14).read(text)


def one_page() -> None:
    """Two pages with a slider each; the test sets which page it is."""
    import streamlit as st

    from dashboard import session

    page = st.session_state.get("page", "first")
    session.begin_page(page)
    key = f"size_of_{page}"
    session.in_address("size", key, session.Number(1, 9), 4)
    st.slider("Size", min_value=1, max_value=9, key=key, persist_state="session")
    st.text(str(dict(st.query_params)))


class Reader:
    """A visitor of one_page()."""

    def __init__(self, **address: str) -> None:
        self.app = AppTest.from_function(one_page, default_timeout=20)
        self.app.query_params.update(address)
        self.run()

    def run(self, page: str | None = None) -> None:
        if page:
            self.app.session_state["page"] = page
        self.app.run()
        assert not self.app.exception

    @property
    def value(self) -> int:
        return int(self.app.slider[0].value)

    @property
    def address(self) -> str:
        return str(self.app.text[0].value)


def test_only_what_differs_from_the_default_is_in_the_address() -> None:
    reader = Reader()
    assert (reader.value, reader.address) == (4, "{}")
    reader.app.slider[0].set_value(7).run()
    assert reader.address == "{'size': '7'}"
    reader.app.slider[0].set_value(4).run()
    assert reader.address == "{}"
    assert Reader(size="7").value == 7


def test_each_page_keeps_its_settings_and_shows_no_other_page_s() -> None:
    reader = Reader(size="7")
    reader.run("second")
    assert (reader.value, reader.address) == (4, "{}")
    reader.app.slider[0].set_value(2).run()
    reader.run("first")
    assert (reader.value, reader.address) == (7, "{'size': '7'}")


@pytest.mark.parametrize("text", ["99", "<b>9</b>", "", "seven"])
def test_a_value_that_is_no_choice_is_named_once_and_the_default_shown(text: str) -> None:
    reader = Reader(size=text)
    assert reader.value == 4
    (notice,) = (toast.value for toast in reader.app.toast)
    assert notice.startswith(IGNORED.split("{", maxsplit=1)[0])
    assert "<" not in notice
    reader.run()
    assert not reader.app.toast
    assert reader.address == "{}"
