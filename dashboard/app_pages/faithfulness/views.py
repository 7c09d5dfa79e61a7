"""The ranking of the methods, and the tests of a few of them on the current picture."""

from __future__ import annotations

import streamlit as st

from cnn_core import models
from cnn_core.attribution import METHODS
from cnn_core.errors import CnnCoreError, MissingFileError
from dashboard import cache, session
from dashboard.app_pages.faithfulness import ranking, text
from dashboard.cache import faithfulness
from dashboard.cache.faithfulness import MapRequest
from dashboard.figures import html, numbers
from dashboard.figures.pictures import as_picture
from dashboard.figures.text import plain
from dashboard.frame import deletion_insertion, loading, method_options, picture_gallery

SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
MOST_METHODS = 4


def show_ranking(model_name: str) -> None:
    """Show the shipped ranking, or the ranking that the visitor has measured."""
    noun = session.dataset().noun
    measured = session.get(f"ranking_{model_name}")
    try:
        found = faithfulness.shipped(model_name) if measured is None else measured
    except MissingFileError:
        st.info(text.NOT_RANKED.format(noun=noun, model_name=model_name))
    else:
        ranking.show(found)
    one, two, three = st.columns([2, 3, 3], vertical_alignment="bottom")
    counts, usual = (4, 8, 16), 8
    session.in_address("count", "ranking_count", session.Choice(counts), usual)
    count = one.selectbox(
        f"How many {noun}s",
        counts,
        key="ranking_count",
        persist_state="session",
    )
    if two.button(f"Measure on other {noun}s", key="measure_ranking", icon=":material/play_arrow:"):
        turn = session.get("ranking_turn", 0) + 1
        loading.require_network()
        cache.split(models.get(model_name).dataset, "test")  # without it nothing begins
        session.put(f"ranking_{model_name}", ranking.measure(model_name, count, seed=turn))
        session.put("ranking_turn", turn)
        st.rerun()
    if measured is not None and three.button(
        "Back to the shipped ranking", key="show_shipped_ranking"
    ):
        session.put(f"ranking_{model_name}", None)
        st.rerun()


def show_current(model_name: str) -> None:
    """Show the curves of a few methods, and the current picture while it is deleted."""
    image, names = session.current_image(), models.get(model_name).class_names
    answer = int(cache.prediction(model_name, image.pixels).classes[0])
    has_convolutions = bool(cache.layer_names(model_name)[0])
    fitting = [row.name for row in METHODS.values() if has_convolutions or not row.needs_conv_layer]
    usual = faithfulness.rival_of(model_name, "")
    first = list(dict.fromkeys((usual, "input_x_gradient", "gradient_saliency")))
    key = f"believed_{has_convolutions}"
    session.in_address("methods", key, session.Several(fitting), first)
    chosen = st.multiselect(
        "Methods",
        fitting,
        format_func=lambda key: METHODS[key].title,
        key=key,
        max_selections=MOST_METHODS,
        persist_state="session",
    )
    if not chosen:
        st.info(text.NO_METHOD_CHOSEN)
        return
    asked = []
    with st.spinner("Deleting and inserting"):
        for key in chosen:
            one = MapRequest(key, answer, options=method_options.default_options(METHODS[key]))
            try:
                faithfulness.heatmap(model_name, image.pixels, one)
            except CnnCoreError as error:
                st.caption(f"{METHODS[key].title} is left out: {error}")
            else:
                asked.append(one)
        if not asked:
            return
        test = faithfulness.deletion_insertion(model_name, image.pixels, tuple(asked))
    if test.num_pixels == 1:
        st.info(text.SINGLE_PIXEL.format(noun=image.noun))
        return
    titles = [METHODS[one.method].title for one in asked]
    what = f"probability of {names[answer]}"
    deletion_insertion.show_curves(test, titles, what=what, key="believed_curves")
    st.caption(
        f"The answer {plain(names[answer])} while the {test.num_pixels:,} pixels of "
        f"{image.name} go and "
        "come. A map to be believed leaves the grey band at once: downwards where pixels are "
        "deleted, upwards where they are inserted."
        + ("" if image.background == "paper" else text.BLURRED)
    )
    for title, order in ((titles[0], asked[0]), ("a random order", None)):
        st.markdown(text.DELETED_BY.format(order=title))
        pictures = faithfulness.strip(model_name, image.pixels, order, SHARES)
        says = [
            cache.prediction(model_name, picture).probabilities[0, answer] for picture in pictures
        ]
        st.html(
            html.row(
                html.figure(
                    as_picture(picture),
                    f"{share:.0%} gone: {numbers.probability(float(said))}",
                    width=picture_gallery.crisp_width(84),
                )
                for picture, share, said in zip(pictures, SHARES, says, strict=True)
            )
        )
