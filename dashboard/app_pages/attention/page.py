"""Attention: which pixels the answer rests on, by every method."""

import numpy as np
import streamlit as st

from cnn_core import models
from cnn_core.attribution import METHODS, Attribution, Method
from dashboard import cache, session
from dashboard.app_pages.attention import evidence, views
from dashboard.figures import html
from dashboard.frame import loading, method_options, page_parts, pickers

ONE, METHODS_VIEW, CLASSES_VIEW, PAIR = "One map", "All methods", "All classes", "Two classes"
NO_LAYER = ("none",)


def pick_classes() -> tuple[int, int | None, int]:
    """Show the pickers of target, against and a third class; return the three."""
    answer, second = prediction.top2
    is_useless, is_pair = view == CLASSES_VIEW, view == PAIR
    with two:
        chosen = pickers.class_picker(
            "Evidence for",
            key="target",
            none_label=f"{names[answer]}, the answer",
            is_disabled=is_useless,
        )
    target = answer if chosen is None else chosen
    rival = second if target == answer else answer
    with three:
        against = pickers.class_picker(
            "Against",
            key="rival" if is_pair else "against",
            none_label=f"{names[rival]}, next likeliest" if is_pair else "no class",
            is_disabled=is_useless,
        )
        if against == target:
            st.caption("The same class: not weighed")
            against = None
    return target, against, rival if against is None else against


def explained(
    row: Method, target: int, against: int | None, settings: cache.Options
) -> Attribution:
    """Return the map of a method for the current picture."""
    return cache.explanation(model_name, image.pixels, row.name, target, against, layer, settings)


def show_all_methods() -> None:
    """Show a row of maps for each family of methods, as soon as the row is computed."""
    for group, rows in views.in_groups(methods).items():
        st.subheader(group, anchor=False)
        st.caption(views.QUESTIONS[group])
        with st.spinner(f"Computing {', '.join(row.title for row in rows)}"):
            found = [explained(r, target, against, method_options.default_options(r)) for r in rows]
        titles = [views.titled(each) for each in found]
        key = f"methods_{group.replace(' ', '_').lower()}"
        views.show_many(found, titles, image, names, strength, key=key, columns=6, is_dense=True)
    st.caption(
        "Each map has its own scale, stated above it, since methods measure different things. "
        "Blue and red maps are signed: red speaks for the class, blue against it."
    )


def show_on_one_scale(scores: list[tuple[int, int | None]], titles: list[str]) -> None:
    """Show one method for several classes on one scale."""
    with st.spinner("Computing the maps"):
        found = [explained(method, *score, options) for score in scores]
    limit = max(float(np.abs(each.heatmap).max()) for each in found) or None
    views.show_many(
        found,
        titles,
        image,
        names,
        strength,
        key="classes",
        limit=limit,
        columns=min(5, len(found)),
    )
    st.html(html.scale_of(limit or 1.0, is_signed=method.is_signed, unit=found[0].unit))
    st.caption(f"{method.title}, one scale for all maps.")
    views.show_method(method)


page_parts.intro(
    "Attention",
    "Each map shows which pixels the network's answer rests on. Methods ask different questions, "
    "so compare them; weighing one class against another shows what tells the two apart.",
)
loading.require_network()
model_name, image = session.model_name(), session.current_image()
names, prediction = models.get(model_name).class_names, cache.prediction(model_name, image.pixels)
page_parts.note_blank(image)
convolutions, spatial = cache.layer_names(model_name)
reasons = cache.obstacles(model_name)
methods = [row for row in METHODS.values() if row.name not in reasons]

view = pickers.view_picker("View", (ONE, METHODS_VIEW, CLASSES_VIEW, PAIR), key="attention_view")
one, two, three, four, five = st.columns(5)
method = METHODS[
    one.selectbox(
        "Method",
        [row.name for row in methods],
        format_func=lambda key: METHODS[key].title,
        key="method",
        persist_state="session",
        disabled=view == METHODS_VIEW,
    )
]
target, against, rival = pick_classes()
with four:
    picked = pickers.layer_picker(
        spatial if convolutions else NO_LAYER,
        default=cache.default_layer(model_name) if convolutions else NO_LAYER[0],
        key="attention_layer",
        is_disabled=not convolutions or (view != METHODS_VIEW and not method.needs_conv_layer),
    )
layer = picked if convolutions else None
strength = five.slider(
    "Overlay",
    0.0,
    1.0,
    0.75,
    0.05,
    key="overlay",
    persist_state="session",
    help=f"0 shows the {image.noun} alone, 1 the map alone",
)
options: cache.Options = ()
# Containers even of nothing, so that what follows stays in its place while it is computed anew.
with st.container():
    if view != METHODS_VIEW:
        before = {f"the {image.noun} before edits": image.original}
        options = method_options.option_controls(method, images=before)
    if reasons:
        st.caption(views.left_out(reasons))
maps, below = st.container(), st.container()
page_parts.next_page("attention")

if view == ONE:
    with maps:
        with st.spinner(f"Computing {method.title}"):
            found = explained(method, target, against, options)
        views.show_one(found, image, names, strength)
    with below:  # last: nothing waits for it
        evidence.show(found, options)
elif view == METHODS_VIEW:
    with maps:
        show_all_methods()
elif view == CLASSES_VIEW:
    with maps:
        show_on_one_scale([(i, None) for i in range(len(names))], [f"for {one}" for one in names])
else:
    first, other = names[target], names[rival]
    with maps:
        show_on_one_scale(
            [(target, None), (rival, None), (target, rival)],
            [f"for {first}", f"for {other}", f"{first} rather than {other}"],
        )
