"""Attention: which pixels the answer rests on, by every method."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core import models
from cnn_core.attribution import METHODS, Attribution
from cnn_core.inference import Prediction
from dashboard import cache, charts, colours, components, evidence, markup, state

ONE, METHODS_VIEW, CLASSES_VIEW = "One map", "All methods", "All classes"
NO_LAYER = ("none",)


def sign_in_words(found: Attribution) -> str:
    """How to read the colours of a map."""
    names = spec.class_names
    target = names[found.score.target]
    rival = "" if found.score.against is None else f" rather than {names[found.score.against]}"
    if found.method.is_signed:
        return f"Red speaks for {target}{rival}, blue against it."
    return f"The brighter, the more the pixel matters for {target}{rival}; it has no sign."


def show_one(found: Attribution, strength: float) -> None:
    """One large map and how to read it."""
    left, right = st.columns(2, gap="large")
    is_signed, limit = found.method.is_signed, colours.limit_of(found.heatmap)
    with left:
        st.plotly_chart(
            charts.heatmap(
                found.heatmap,
                digit.pixels,
                is_signed=is_signed,
                unit=found.method.unit,
                strength=0.0 if found.is_empty else strength,
            ),
            config=charts.CONFIG,
            alt=f"{found.method.title} for class {spec.class_names[found.score.target]}",
        )
        if not found.is_empty:
            st.html(markup.scale_of(limit, is_signed=is_signed, unit=found.method.unit))
    with right:
        if found.is_empty:
            st.info("No positive evidence at this layer: choose another layer, class or method.")
        elif np.ptp(found.heatmap) == 0:
            st.info("This layer has a single place, which sees it all: choose an earlier layer.")
        else:
            st.markdown(f"**{sign_in_words(found)}**")
        what = "margin" if found.score.against is not None else "logit"
        st.caption(
            f"Explained {what}: {markup.signed(found.score_value)}. "
            + ("" if found.layer is None else f"Layer: {found.layer}.")
        )
        st.markdown(found.method.help)
        st.markdown(f"[The paper]({found.method.paper})")
    evidence.show(found, options)


def show_many(
    found: list[Attribution], titles: list[str], strength: float, limit: float | None
) -> None:
    """Small multiples, a title each."""
    with st.container(key="wide_maps"):
        st.plotly_chart(
            charts.heatmaps(
                [a.heatmap for a in found],
                [
                    title + (" · no evidence" if a.is_empty else "")
                    for title, a in zip(titles, found, strict=True)
                ],
                digit.pixels,
                signs=[a.method.is_signed for a in found],
                units=[a.method.unit for a in found],
                strength=strength,
                limit=limit,
            ),
            config=charts.CONFIG,
            alt=f"Heatmaps: {', '.join(titles)}",
        )


def titled(found: Attribution) -> str:
    """A method's name and the end of its colour scale."""
    if found.is_empty:
        return found.method.title
    limit = colours.limit_of(found.heatmap)
    sign = "±" if found.method.is_signed else "to "
    return f"{found.method.title}, {sign}{limit:.2g}"


def pick_classes(
    prediction: Prediction, first: DeltaGenerator, second: DeltaGenerator, *, is_disabled: bool
) -> tuple[int, int | None]:
    """The class that is explained, and the one it is weighed against."""
    answer = int(prediction.classes[0])
    with first:
        chosen = components.class_picker(
            "Evidence for",
            key="target",
            none_label=f"{spec.class_names[answer]}, the answer",
            is_disabled=is_disabled,
        )
    target = answer if chosen is None else chosen
    with second:
        against = components.class_picker(
            "Against", key="against", none_label="no class", is_disabled=is_disabled
        )
        if against == target:
            st.caption("The same class: not weighed")
            against = None
    return target, against


components.intro(
    "Attention",
    "Each map shows which pixels the network's answer rests on. Methods ask different questions, "
    "so compare them; weighing one class against another shows what tells the two apart.",
)
components.require_network()
name, digit = state.model_name(), state.current_digit()
spec = models.get(name)
convolutions, spatial = cache.layer_names(name)
methods = [row for row in METHODS.values() if convolutions or not row.needs_conv_layer]

view = components.view_picker("View", (ONE, METHODS_VIEW, CLASSES_VIEW), key="attention_view")
one, two, three, four, five = st.columns(5)
with one:
    method = METHODS[
        st.selectbox(
            "Method",
            [row.name for row in methods],
            format_func=lambda key: METHODS[key].title,
            key="method",
            persist_state="session",
            disabled=view == METHODS_VIEW,
        )
    ]
target, against = pick_classes(
    cache.prediction(name, digit.pixels), two, three, is_disabled=view == CLASSES_VIEW
)
with four:
    layer = components.layer_picker(
        spatial if convolutions else NO_LAYER,
        default=cache.default_layer(name) if convolutions else NO_LAYER[0],
        key="attention_layer",
        is_disabled=not convolutions or (view != METHODS_VIEW and not method.needs_conv_layer),
    )
strength = five.slider(
    "Overlay",
    0.0,
    1.0,
    0.75,
    0.05,
    key="overlay",
    persist_state="session",
    help=f"0 shows the {digit.noun} alone, 1 the map alone",
)
options = () if view == METHODS_VIEW else components.option_controls(method)
if not convolutions:
    left_out = ", ".join(row.title for row in METHODS.values() if row not in methods)
    st.caption(
        f"{left_out} weigh the feature maps of a convolution, and this network has none; "
        "the other methods look at the pixels themselves."
    )

with st.spinner("Computing the maps"):
    if view == ONE:
        found = cache.explanation(name, digit.pixels, method.name, target, against, layer, options)
        show_one(found, strength)
    elif view == METHODS_VIEW:
        all_methods = [
            cache.explanation(
                name,
                digit.pixels,
                row.name,
                target,
                against,
                layer,
                components.default_options(row),
            )
            for row in methods
        ]
        show_many(all_methods, [titled(found) for found in all_methods], strength, None)
        st.caption(
            "Each map has its own scale, stated above it, since methods measure different things. "
            "Blue and red maps are signed: red speaks for the class, blue against it."
        )
    else:
        all_classes = [
            cache.explanation(name, digit.pixels, method.name, i, None, layer, options)
            for i in range(len(spec.class_names))
        ]
        limit = max(abs(a.heatmap).max() for a in all_classes) or None
        show_many(all_classes, [f"for {c}" for c in spec.class_names], strength, limit)
        st.html(markup.scale_of(limit or 1.0, is_signed=method.is_signed, unit=method.unit))
        st.caption(f"{method.title}, one scale for all classes.")
components.next_page("app_pages/occlusion.py", "Next: cover each place and watch the answer")
