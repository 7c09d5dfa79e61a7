"""What the drawing page shows of the current picture: the answer, the two maps, the edits."""

from __future__ import annotations

import numpy as np
import streamlit as st
from markupsafe import Markup

from cnn_core import models
from cnn_core.attribution.score import ClassScore
from dashboard import cache, session
from dashboard.figures import html, numbers, pictures
from dashboard.frame import picture_gallery
from dashboard.session import CurrentImage, Edit
from dashboard.widgets.tiles import tiles


def show_answer(image: CurrentImage) -> None:
    """Show the prediction, and beside it the change since the original."""
    model_name = session.model_name()
    now = cache.prediction(model_name, image.pixels)
    before = cache.prediction(model_name, image.original) if image.is_edited else None
    names = models.get(model_name).class_names
    first, second = now.top2
    margin = float(now.margins[0])
    st.html(
        html.said(
            Markup("The network says <b>{}</b>").format(names[first]),
            f"{names[first]} over {names[second]}: "
            f"{numbers.signed(margin, 1 if margin >= 0.1 else 2)} logits",
            kind="cl-live",
        )
        + html.probability_bars(
            names,
            now.probabilities[0],
            before.probabilities[0] if before and image.original.any() else None,
            marked=image.label,
        )
    )


def show_evidence(image: CurrentImage, *, is_final: bool) -> None:
    """Show the maps of the last time the pen was up; pale while the pen is down."""
    if is_final:
        session.put("evidence", (image.digit_id, _evidence(image)))
    digit_id, shown = session.get("evidence", (None, ""))
    if digit_id == image.digit_id:
        st.html(shown if is_final else Markup('<div class="cl-stale">{}</div>').format(shown))


def _evidence(image: CurrentImage) -> str:
    """Attention and occlusion for the answer, as two pictures."""
    model_name = session.model_name()
    answer = int(cache.prediction(model_name, image.pixels).classes[0])
    class_name = models.get(model_name).class_names[answer]
    width = picture_gallery.crisp_width(190)
    attention = cache.explanation(model_name, image.pixels, "gradient_saliency", answer)
    covered = cache.occlusion_map(model_name, image.pixels, *cache.live_patch(model_name))
    return html.row(
        (
            html.attention_figure(
                attention.heatmap,
                image.pixels,
                class_name,
                background=image.background,
                width=width,
            ),
            html.heatmap_figure(
                covered.heatmap(ClassScore(answer)),
                image.pixels,
                background=image.background,
                is_signed=True,
                title="Occlusion",
                caption=f"red speaks for the {class_name}, blue against it",
                unit="logits",
                width=width,
            ),
        )
    )


def show_edits(image: CurrentImage, *, is_final: bool) -> None:
    """Show the strip of edits so far; a click goes back to an edit."""
    model_name = session.model_name()
    edits = session.edits()
    if any(edit.model != model_name for edit in edits):
        edits = [_answered(edit.pixels) for edit in edits]
        session.replace_edits(edits)
    is_known = any(np.array_equal(edit.pixels, image.pixels) for edit in edits)
    # Not only what was drawn just now: also what came with the address, or before TensorFlow did.
    if is_final and image.is_edited and not is_known:
        if not edits:
            session.remember_edit(_answered(image.original))
        session.remember_edit(_answered(image.pixels))
    if not edits:
        return
    st.html(html.label("Your edits so far; a click goes back to one"))
    same = [i for i, edit in enumerate(edits) if np.array_equal(edit.pixels, image.pixels)]
    classes = models.get(model_name).class_names
    answers = [classes[edit.answer] for edit in edits]
    picked = tiles(
        [pictures.as_picture(edit.pixels) for edit in edits],
        [_caption(*pair) for pair in zip(answers, edits, strict=True)],
        key="edits",
        size=picture_gallery.crisp_width(56),
        selected=same[-1] if same else None,
        descriptions=[f"Edit {i}: read as {answer}" for i, answer in enumerate(answers)],
    )
    if picked is not None:
        session.set_drawing(pictures.as_picture(edits[picked].pixels))
        st.rerun()


def _caption(answer: str, edit: Edit) -> str:
    """Return the prediction for an edit, a long name on a line of its own."""
    between = "\n" if len(answer) > 1 else " · "
    return f"{answer}{between}{numbers.probability(edit.confidence)}"


def _answered(pixels: np.ndarray) -> Edit:
    """Return a picture with the network's prediction."""
    model_name = session.model_name()
    said = cache.prediction(model_name, pixels)
    return Edit(pixels, model_name, int(said.classes[0]), float(said.confidences[0]))
