"""Attention: which pixels the answer rests on, by every method."""

import streamlit as st

from cnn_core import models
from cnn_core.attribution import METHODS
from dashboard import cache, session
from dashboard.app_pages.attention import evidence, views
from dashboard.app_pages.attention.question import Question, explained, pick_classes
from dashboard.app_pages.attention.text import CLASSES_VIEW, METHODS_VIEW, ONE, PAIR, RATHER_THAN
from dashboard.frame import loading, method_options, page_parts, pickers

NO_LAYER = ("none",)

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
names_of_methods = [row.name for row in methods]
session.in_address("method", "method", session.Choice(names_of_methods), names_of_methods[0])
method = METHODS[
    one.selectbox(
        "Method",
        names_of_methods,
        format_func=lambda key: METHODS[key].title,
        key="method",
        persist_state="session",
        disabled=view == METHODS_VIEW,
    )
]
target, against, rival = pick_classes(
    (two, three), names, prediction, is_pair=view == PAIR, is_useless=view == CLASSES_VIEW
)
with four:
    picked = pickers.layer_picker(
        spatial if convolutions else NO_LAYER,
        default=cache.default_layer(model_name) if convolutions else NO_LAYER[0],
        key="attention_layer",
        is_disabled=not convolutions or (view != METHODS_VIEW and not method.needs_conv_layer),
    )
session.in_address("overlay", "overlay", session.Number(0, 1, float), 0.75)
strength = five.slider(
    "Overlay",
    min_value=0.0,
    max_value=1.0,
    step=0.05,
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
layer = picked if convolutions else None
question = Question(model_name, image, names, target, against, layer, strength)
maps, below = st.container(), st.container()
page_parts.next_page("attention")

if view == ONE:
    with maps:
        with st.spinner(f"Computing {method.title}"):
            found = explained(question, method, options)
        views.show_one(found, question)
    with below:  # last: nothing waits for it
        evidence.show(found, options)
elif view == METHODS_VIEW:
    with maps:
        views.show_all_methods(question, methods)
elif view == CLASSES_VIEW:
    scores = [(label, None) for label in range(len(names))]
    with maps:
        views.show_on_one_scale(
            question, method, options, scores, [f"for {name}" for name in names]
        )
else:
    first, other = names[target], names[rival]
    with maps:
        views.show_on_one_scale(
            question,
            method,
            options,
            [(target, None), (rival, None), (target, rival)],
            [f"for {first}", f"for {other}", RATHER_THAN.format(name=first, rival=other)],
        )
