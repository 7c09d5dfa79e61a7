"""The smallest edit that flips the answer, on the drawing page: found, played and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from markupsafe import Markup

from cnn_core import models
from cnn_core.counterfactual import PertinentNegatives, PertinentPositives, SmallestEdit
from cnn_core.studies import smallest_edits
from dashboard import cache, session
from dashboard.app_pages.draw_and_erase import cached, text
from dashboard.figures import html, numbers, pictures
from dashboard.figures.text import plain
from dashboard.frame import pickers, picture_gallery
from dashboard.frame.provenance import made_by
from dashboard.session import CurrentImage
from dashboard.widgets.canvas.palette import palette_of
from dashboard.widgets.replay import replay

KINDS = {"erase": "Erasing", "add": "Adding", "both": "Either"}
WIDTHS = {1.0: "Brush", 0.5: "Pixel"}  # radius on a picture as large as a digit
_DONE = {"erase": "erasure", "add": "added stroke", "both": "edit"}
_FOUND, _COUNT, _PERTINENT = "flip", "flip_count", "pertinent"


@dataclass(frozen=True)
class FoundEdit:
    """The last edit that a visitor asked for.

    Attributes:
        digit_id: Picture that the edit begins with.
        model_name: Network whose answer turns.
        wanted: Class that the edit was to lead to.
        edit: The edit, found or not.
        film_id: Key of the film: another one starts the film anew.
    """

    digit_id: str
    model_name: str
    wanted: int
    edit: SmallestEdit
    film_id: str


@dataclass(frozen=True)
class FoundPertinents:
    """What a picture needs, and what must stay empty.

    Attributes:
        model_name: Network that was asked.
        pixels: (height, width, channels) in [0, 1], the picture.
        positives: Pixels that alone give the answer.
        negatives: Places where ink would change the answer; None for a photograph.
    """

    model_name: str
    pixels: np.ndarray
    positives: PertinentPositives
    negatives: PertinentNegatives | None


def show(image: CurrentImage) -> None:
    """Show the panel: the target, the button, and the edit found for the picture as it is."""
    model_name = session.model_name()
    names = models.get(model_name).class_names
    said = cache.prediction(model_name, image.pixels)
    answer, second = said.top2
    with st.container(border=True, key="flip_panel"):
        st.html(html.label("The smallest edit that flips the answer"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = pickers.class_picker(
                "Wanted answer",
                key="flip_wanted",
                parameter="wanted",
                none_label="The runner-up",
            )
            kind = "erase"
            if _is_on_paper():
                kind = pickers.view_picker(
                    "By", tuple(KINDS), key="flip_kind", parameter="by", name=KINDS.__getitem__
                )
            radius = pickers.view_picker(
                "Width",
                tuple(WIDTHS),
                key="flip_width",
                parameter="width",
                name=WIDTHS.__getitem__,
            )
        wanted = second if chosen is None else chosen
        with st.container(horizontal=True):
            is_asked = st.button(
                f"Find the smallest {_DONE[kind]} to make it {_with_article(plain(names[wanted]))}",
                key="flip_find",
                type="primary",
                disabled=wanted == answer,
            )
            is_asked_why = st.button(
                "What must be there, what must stay empty", key="flip_pertinent"
            )
        if not _is_on_paper():
            st.caption(text.ONLY_COVERED.format(noun=image.noun))
        if wanted == answer:
            st.caption(text.ALREADY_THE_ANSWER.format(name=plain(names[answer])))
        if is_asked:
            _find(image, wanted, kind, radius)
        _show_found(image)
        if is_asked_why:
            _find_pertinent(image)
        _show_pertinent(image)


def show_study() -> None:
    """Show the sizes of the smallest edits of many digits, folded."""
    found = cached.study()
    count = max(row.num_digits for row in found.rows)
    with st.expander(f"How small can an edit be? Measured on {count} test digits a pair"):
        for network in dict.fromkeys(row.network for row in found.rows):
            st.html(_study_table(found, network))
        st.caption(
            "All digits were read right before, and at most two thirds as many pixels as have ink "
            "could change. Sizes are medians over the digits that were turned, so a way that turns "
            "only the easy ones looks small. Share of ink: all change of brightness, as a share of "
            "the digit's."
        )
        made_by(found.origin)


def _find(image: CurrentImage, wanted: int, kind: str, radius: float) -> None:
    """Look for the edit and draw it on the canvas, as one edit that can be undone."""
    scale = max(1, round(min(image.pixels.shape[:2]) / 28))
    model_name = session.model_name()
    with st.spinner(f"Looking for the smallest {_DONE[kind]}"):
        found = cached.smallest_edit(
            model_name, image.pixels, wanted, kind, radius * scale, _paper()
        )
    count = session.get(_COUNT, 0) + 1
    session.put(_COUNT, count)
    film_id = f"{image.digit_id} {count}"
    session.put(_FOUND, FoundEdit(image.digit_id, model_name, wanted, found, film_id))
    if found.is_found:
        session.set_drawing(pictures.as_picture(found.pixels))
        st.rerun()


def _show_found(image: CurrentImage) -> None:
    """Show the last edit found, while the canvas shows the picture before or after it."""
    last: FoundEdit | None = session.get(_FOUND)
    here = (image.digit_id, session.model_name())
    if last is None or (last.digit_id, last.model_name) != here:
        return
    found = last.edit
    is_after = found.is_found and _same(image.pixels, found.pixels)
    if not is_after and not _same(image.pixels, found.original):
        return
    names = models.get(last.model_name).class_names
    wanted = names[last.wanted]
    if not found.is_found:
        st.info(_not_found(found, _with_article(plain(wanted))))
        return
    st.markdown(_size(found, _with_article(plain(wanted))))
    replay(
        np.stack([_picture(found, frame) for frame in found.frames]),
        found.margins.tolist(),
        [
            f"Step {i} of {len(found.frames) - 1}: {wanted} over the next class "
            f"{numbers.signed(float(margin))} logits, read as {names[answer]}"
            for i, (margin, answer) in enumerate(zip(found.margins, found.answers, strict=True))
        ],
        key="flip_film",
        film_id=last.film_id,
        title=f"Logit of {wanted} minus the largest other one, dab by dab: above 0 the answer "
        "has turned",
        description=f"The edit that makes it {_with_article(wanted)}",
        width=picture_gallery.crisp_width(196),
    )
    drawn = "Blue was taken away, red was added. " if _is_on_paper() else ""
    st.caption(drawn + (text.UNDO_HINT if is_after else text.REDO_HINT))


def _size(found: SmallestEdit, called: str) -> str:
    count = len(found.strokes)
    strokes = "one stroke" if count == 1 else f"{count} strokes"
    share = numbers.percent(found.ink_share)
    whole = "ink" if _is_on_paper() else "contrast with the grey"
    done = {"erase": "erased", "add": "added", "both": "erased or added"}[found.kind]
    make = "makes" if found.num_pixels == 1 else "make"
    return (
        f"**{_pixels(found.num_pixels)}, {share} of the {whole}, {done} in {strokes} {make} it "
        f"{called}.** None of its dabs can be left out."
    )


def _not_found(found: SmallestEdit, called: str) -> str:
    closest = f"{-float(found.margins[-1]):.1f}"
    other = text.TRY_OTHER_KIND[found.kind] if _is_on_paper() else text.TRY_OTHER_WIDTH
    return (
        f"No {_DONE[found.kind]} of up to {_pixels(found.most_pixels)} makes it {called}: the "
        f"closest one leaves {closest} logits to go. {other}, or another class."
    )


def _find_pertinent(image: CurrentImage) -> None:
    model_name = session.model_name()
    with st.spinner("Trying what can be left out, and where ink would change the answer"):
        there = cached.pertinent_positives(model_name, image.pixels, _paper())
        empty = cached.pertinent_negatives(model_name, image.pixels) if _is_on_paper() else None
    session.put(_PERTINENT, FoundPertinents(model_name, image.pixels, there, empty))


def _show_pertinent(image: CurrentImage) -> None:
    """Show the pixels that the current picture needs and those that must stay empty."""
    last: FoundPertinents | None = session.get(_PERTINENT)
    if last is None or last.model_name != session.model_name():
        return
    if not _same(image.pixels, last.pixels):
        return
    names = models.get(last.model_name).class_names
    figures = [_there_figure(last.positives, last.pixels, names[last.positives.answer])]
    if last.negatives is not None:
        figures += _empty_figures(last.negatives, last.pixels, names)
    st.html(html.row(figures))
    if last.negatives is None:
        st.caption(f"What must stay empty is asked of digits only: a {image.noun} has no paper.")


def _there_figure(there: PertinentPositives, pixels: np.ndarray, called: str) -> str:
    part = "one" if _is_on_paper() else "block"
    caption = (
        f"{there.num_kept} of {there.num_ink} pixels alone give the {called} with half of its "
        f"lead; with any {part} of them less they would not"
    )
    if not there.num_kept:
        blank = "blank paper" if _is_on_paper() else "an even grey picture"
        caption = f"nothing: {blank} is read as {called} too, and with half of the lead"
    shown = pictures.as_picture(there.pixels)
    if _is_on_paper():
        shown = pictures.marked(pixels, there.is_kept)
    return html.figure(shown, caption, title=text.MUST_BE_THERE, width=_width())


def _empty_figures(
    empty: PertinentNegatives, pixels: np.ndarray, names: Sequence[str]
) -> tuple[str, ...]:
    """Draw where a dab of ink lowers the lead, and the smallest stroke that takes the lead away."""
    called, stroke = names[empty.answer], empty.stroke
    dabs = html.heatmap_figure(
        empty.drops,
        pixels,
        background="paper",
        is_signed=True,
        title=text.MUST_STAY_EMPTY,
        caption=f"red: a dab of ink there lowers the lead of the {called}; blue: it raises it",
        unit="logits",
        width=_width(),
    )
    turned = names[stroke.answers[-1]]
    caption = f"{_pixels(stroke.num_pixels)} of ink that would make it {_with_article(turned)}"
    if not stroke.is_found:
        caption = f"no stroke of up to {_pixels(stroke.most_pixels)} changes the answer"
    shown = pictures.edited(stroke.original, stroke.pixels if stroke.is_found else stroke.original)
    return dabs, html.figure(shown, caption, title=text.SMALLEST_STROKE, width=_width())


def _study_table(found: smallest_edits.SmallestEdits, network: str) -> Markup:
    head = ("Way", "Turned", "95% interval", "Each way", "Pixels", "Share of ink")
    lines: list[tuple[str, ...]] = []
    for row in found.rows:
        if row.network != network or len(row.directions) < 2:
            continue
        first, second = row.directions
        if row.method == next(iter(smallest_edits.EDIT_METHODS)):
            lines.append((f"{first[0]} and {first[1]}, {row.num_digits} digits",))
        single = [
            found.find(network, (method,), row.method).success_rate for method in (first, second)
        ]
        is_none = row.median_pixels is None
        lines.append(
            (
                smallest_edits.EDIT_METHODS[row.method].title,
                f"{100 * row.success_rate:.0f}%",
                f"{100 * row.interval[0]:.0f} to {100 * row.interval[1]:.0f}%",
                f"{first[0]}→{first[1]} {100 * single[0]:.0f}%, "
                f"{second[0]}→{second[1]} {100 * single[1]:.0f}%",
                "none" if is_none else f"{row.median_pixels:g}",
                "none" if row.median_ink_share is None else f"{100 * row.median_ink_share:.0f}%",
            )
        )
    return Markup("<p>{}</p>").format(models.get(network).title) + html.table(head, lines)


def _is_on_paper() -> bool:
    return session.dataset().background == "paper"


def _paper() -> tuple[float, ...]:
    """Return the level that the eraser of the canvas leaves."""
    return tuple(level / 255 for level in palette_of(session.dataset().name).paper)


def _width() -> int:
    return picture_gallery.crisp_width(190)


def _pixels(count: int) -> str:
    return "1 pixel" if count == 1 else f"{count} pixels"


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou8' else 'a'} {name}"


def _picture(found: SmallestEdit, pixels: np.ndarray) -> np.ndarray:
    if _is_on_paper():
        return pictures.edited(found.original, pixels)
    shown = pictures.as_picture(pixels)
    return shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, axis=-1)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return True if two pictures have the same levels."""
    return np.array_equal(pictures.as_picture(one), pictures.as_picture(other))
