"""Robustness: change the picture more and more and see how far the answer holds."""

import numpy as np
import streamlit as st

from cnn_core import models
from cnn_core.robustness import PERTURBATIONS
from cnn_core.studies.robustness import rank
from dashboard import cache, charts, colours, components, markup, robustness_charts, state
from dashboard import robustness_view as view
from dashboard.cache import robustness as robustness_cache
from dashboard.experiment_view import made_by
from dashboard.live_slider import Slid, acknowledge, live_slider
from dashboard.state import CurrentDigit

BEST = "the best of the others"


@st.fragment
@components.readable_errors()  # the fragment's own runs do not come through Home.py
def laboratory() -> None:
    """The strength and all that follows it; nothing else of the page runs while it moves."""
    strength, target, options = pick()
    with components.readable_errors():  # the curves below are shipped and need no pictures
        digit = state.current_digit()
        if components.is_blank(digit):
            st.info(
                f"The paper is blank, so there is no answer to hold: draw a {noun}, or choose a "
                f"test {noun} in the sidebar."
            )
            st.page_link(
                "app_pages/draw_and_erase.py", label="Draw and erase", icon=":material/draw:"
            )
        else:
            show_change(digit, strength.value, target, options)
            show_sweep(digit, strength.value, target, options)
    with components.readable_errors():
        show_networks(strength.value)
    acknowledge([strength])


def pick() -> tuple[Slid[float], int | None, cache.Options]:
    """The strength, the class to make of the picture, and the options of the change."""
    strength = live_slider(
        f"Strength, {view.unit_alone(row.unit)}",
        minimum=row.minimum,
        maximum=row.maximum,
        value=row.default,
        step=row.step,
        key=f"strength_{row.name}_{dataset.name}",
        help="How much the picture is changed; 0 leaves it as it is.",
        is_slow=row.is_search,
    )
    if row.is_search:
        st.caption("The search takes a moment, so it begins when the slider is let go.")
    target = None
    places = list(st.columns([2, 2, 2, 3])) if row.needs_model or row.options else []
    if row.needs_model:
        with places.pop(0):
            target = components.class_picker(
                "Make it", key="attack_target", none_label="anything else"
            )
    options = tuple(
        (option.name, components.option_control(column, option, f"{row.name}_{option.name}"))
        for option, column in zip(row.options, places, strict=False)
    )
    return strength, target, options


def show_change(
    digit: CurrentDigit, strength: float, target: int | None, options: cache.Options
) -> None:
    """The picture beside the changed one, and both answers."""
    changed = robustness_cache.changed(name, digit.pixels, row.name, strength, target, options)
    before, after = (cache.prediction(name, each) for each in (digit.pixels, changed))
    left, right = st.columns([9, 7], gap="medium")
    with left:
        st.html(
            view.pictures(
                digit.pixels,
                changed,
                title=digit.name,
                change=f"{row.title}, {view.in_words(strength, row.unit)}",
                width=components.crisp_width(140),
            )
        )
        if strength and np.array_equal(changed, digit.pixels):
            st.info(f"This change leaves the {noun} exactly as it is, so the answer stays.")
        elif dataset.is_ink and not changed.any():
            st.info(f"Nothing of the {noun} is left: this is the answer to blank paper.")
        if st.button(f"Use the changed {noun}", icon=":material/draw:"):
            state.set_drawing(colours.as_picture(changed))
            st.switch_page("app_pages/draw_and_erase.py", query_params={})
    with right:
        said, was = (names[int(each.classes[0])] for each in (after, before))
        st.html(
            f'<div class="cl-said">Now <b>{said}</b><span>before {was}</span></div>'
            + markup.probability_bars(
                names, after.probabilities[0], before.probabilities[0], marked=digit.label
            )
        )
        st.caption(
            "Thin grey bars: the unchanged picture. In points (pts): what the change adds or takes."
        )
    st.markdown(row.help + (f" [The paper]({row.paper})" if row.paper else ""))


def show_sweep(
    digit: CurrentDigit, strength: float, target: int | None, options: cache.Options
) -> None:
    """The answer over all strengths."""
    st.subheader(f"How far the answer to this {noun} holds", anchor=False)
    with st.spinner("Trying every strength"):
        found = robustness_cache.sweep(name, digit.pixels, row.name, target, options)
    st.markdown(view.hold_in_words(found, row, names, dict(options)))
    if row.needs_model:
        st.markdown(
            f"The change is made for this one network and this one {noun}. Where a person still "
            f"sees the same {noun} and the network does not, it leans on patterns that people do "
            "not use."
        )
    st.plotly_chart(
        robustness_charts.probabilities(found, names, strength, view.axis_of(row)),
        config=charts.CONFIG,
        key="sweep",
        alt=f"Probability of {names[found.answer]} and its strongest rivals over the strength",
    )
    step = view.in_words(found.strengths[1] - found.strengths[0], row.unit)
    st.caption(f"Tried in steps of {step}. The dotted line is the strength chosen above.")


def show_networks(strength: float) -> None:
    """The accuracy of every network of the same data set."""
    st.subheader(f"How every network holds, on test {noun}s", anchor=False)
    study = robustness_cache.study()
    curves = [
        curve
        for curve in study.curves
        if curve.perturbation == row.name and models.get(curve.model).dataset == dataset.name
    ]
    chosen = next((curve for curve in curves if curve.model == name), None)
    if chosen is None:
        st.info(
            f"{models.get(name).title} is not measured yet: run "
            "`python -m cnn_core.studies robustness`, or choose another model in the sidebar."
        )
        return
    nearest = min(chosen.strengths, key=lambda each: abs(each - strength))
    ranking = rank(curves, nearest)
    st.markdown(view.ranking_in_words(ranking, chosen, view.in_words(nearest, row.unit)))
    others = [curve.model for curve in curves if curve is not chosen]
    beside = None
    if others:
        wanted = st.selectbox(
            "Beside it",
            [BEST, *others],
            format_func=lambda each: each if each == BEST else models.get(each).title,
            key=f"robust_rival_of_{name}",
            persist_state="session",
            width=320,
        )
        best = rank([curve for curve in curves if curve is not chosen], nearest).best.model
        beside = [curve.model for curve in curves].index(best if wanted == BEST else wanted)
    st.plotly_chart(
        robustness_charts.accuracies(
            curves,
            [models.get(curve.model).title for curve in curves],
            chosen=curves.index(chosen),
            beside=beside,
            strength=strength,
            axis=view.axis_of(row),
        ),
        config=charts.CONFIG,
        key="accuracies",
        alt=f"Right answers of every network over the strength of {row.title}",
    )
    attack = " Attacks are made for each network, away from the true class." * row.needs_model
    st.caption(
        f"{view.mean_in_words(curves, chosen)} {chosen.num_images:,} test {noun}s drawn at random, "
        f"the same for every network; bands are 95% intervals of the share.{attack}"
    )
    with st.expander("The figures, with their intervals"):
        st.caption(f"The strengths, {view.unit_alone(row.unit)}, are those of the column heads.")
        st.html(view.table(curves, chosen))
        made_by(study.origin)


dataset, noun = state.dataset(), state.dataset().noun
components.intro(
    "Robustness",
    f"The {noun} is changed more and more, by accident or by an attack: see what the network still "
    f"says and where its answer turns. Below, the same for every network on many test {noun}s.",
)
components.require_network()
name = state.model_name()
names = models.get(name).class_names
kind = st.selectbox(
    "Change",
    [each.name for each in PERTURBATIONS.values() if each.fits(dataset)],
    format_func=lambda key: PERTURBATIONS[key].title,
    key=f"change_{dataset.is_ink}",
    persist_state="session",
    width=320,
)
left_out = [each.title for each in PERTURBATIONS.values() if not each.fits(dataset)]
if left_out:
    st.caption(f"{', '.join(left_out)} is for strokes on paper, and these are photographs.")
row = robustness_cache.row_for(name, kind)
laboratory()
components.next_page("app_pages/compare.py", "Next: compare two networks")
