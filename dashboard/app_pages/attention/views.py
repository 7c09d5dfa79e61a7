"""The views of the Attention page: one map, small multiples, and what they say in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.attribution import METHODS, Attribution, Method, occlusion
from cnn_core.attribution.regions import describe
from dashboard import cache
from dashboard.app_pages.attention import text
from dashboard.app_pages.attention.question import Question, explained
from dashboard.figures import colours, heatmaps, html, numbers
from dashboard.figures.text import as_plotly, plain
from dashboard.frame import method_options
from dashboard.frame.charts import show_chart
from dashboard.session import CurrentImage

# Question that the methods of a family ask; a new family needs one.
QUESTIONS = {
    "Gradients": "How does the answer react to small changes of each pixel?",
    "Class activation maps": "Which places of a layer's feature maps raise the answer?",
    "Guided gradients": "Sharp pictures, but they hardly depend on what the network has learnt.",
    "Perturbations": "What happens to the answer when parts of the picture are hidden?",
    "Layer by layer": "How is the answer put together, unit by unit, down to the pixels?",
}

# Below it, in probability, a map says little.
FLAT = 0.05


def show_all_methods(question: Question, methods: Sequence[Method]) -> None:
    """Show a row of maps for each family of methods, as soon as the row is computed."""
    for group, rows in in_groups(methods).items():
        st.subheader(group, anchor=False)
        st.caption(QUESTIONS[group])
        with st.spinner(f"Computing {', '.join(row.title for row in rows)}"):
            maps = [explained(question, row, method_options.default_options(row)) for row in rows]
        key = f"methods_{group.replace(' ', '_').lower()}"
        show_many(maps, list(map(titled, maps)), question, key=key, columns=6, is_dense=True)
    st.caption(
        "Each map has its own scale, stated above it, since methods measure different things. "
        "Blue and red maps are signed: red speaks for the class, blue against it."
    )


def show_on_one_scale(
    question: Question,
    method: Method,
    options: cache.Options,
    scores: Sequence[tuple[int, int | None]],
    titles: Sequence[str],
) -> None:
    """Show one method for several classes on one scale."""
    with st.spinner("Computing the maps"):
        maps = [explained(question, method, options, score) for score in scores]
    limit = max(float(np.abs(each.heatmap).max()) for each in maps) or None
    show_many(maps, titles, question, key="classes", limit=limit, columns=min(5, len(maps)))
    st.html(html.scale_of(limit or 1.0, is_signed=method.is_signed, unit=maps[0].unit))
    st.caption(f"{method.title}, one scale for all maps.")
    show_method(method)


def show_one(found: Attribution, question: Question) -> DeltaGenerator:
    """Show one large map, where its evidence lies and how to read the map.

    Returns:
        The column of the map, with room below it for what else is known of it.
    """
    image, names = question.image, question.names
    left, right = st.columns(2, gap="large")
    words = describe(found, image.pixels, names, background=image.background)
    is_signed = found.method.is_signed
    with left:
        show_chart(
            heatmaps.heatmap_chart(
                found.heatmap,
                image.pixels,
                background=image.background,
                is_signed=is_signed,
                unit=found.unit,
                strength=0.0 if found.is_empty else question.strength,
            ),
            alt=f"{found.method.title} for class {names[found.score.target]}. {words}",
        )
        if not found.is_empty:
            limit = colours.limit_of(found.heatmap)
            st.html(html.scale_of(limit, is_signed=is_signed, unit=found.unit))
    with right:
        if found.is_empty:
            st.info(_why_empty(found, image))
        elif np.ptp(found.heatmap) == 0:
            st.info("This layer has a single place, which sees it all: choose an earlier layer.")
        else:
            st.markdown(f"**{words}**")
            st.caption(_reading(found, names))
        _show_figures(found)
        show_method(found.method)
    return left


def show_method(row: Method) -> None:
    """Show what a method does, its weakness, its cost and its paper."""
    if row.fails_sanity_checks:
        st.warning(row.weakness)
    st.markdown(row.help)
    if not row.fails_sanity_checks:
        st.markdown(f"**Weakness.** {row.weakness}")
    st.caption(f"Cost: {row.cost}.{_chance(row)}")
    st.markdown(f"[The paper]({row.paper})")


def show_many(
    found: Sequence[Attribution],
    titles: Sequence[str],
    question: Question,
    *,
    key: str,
    limit: float | None = None,
    columns: int = 5,
    is_dense: bool = False,
) -> None:
    """Show small multiples with a title each; their words are the text alternative.

    Args:
        found: The maps.
        titles: Titles, one per map.
        question: Question that the maps answer.
        key: Names the chart.
        limit: End of the scale for all maps; each map's own largest magnitude if None.
        columns: Maps side by side.
        is_dense: Small maps in a single row, what stands behind a title's comma on a second line.
    """
    image, names = question.image, question.names
    figure = heatmaps.small_multiples(
        [each.heatmap for each in found],
        [
            (as_plotly(title).replace(", ", "<br>") if is_dense else as_plotly(title))
            + (("<br>" if is_dense else " · ") + text.NO_EVIDENCE if each.is_empty else "")
            for title, each in zip(titles, found, strict=True)
        ],
        image.pixels,
        background=image.background,
        signs=[each.method.is_signed for each in found],
        units=[each.unit for each in found],
        strength=question.strength,
        limit=limit,
        columns=columns,
    )
    if is_dense:
        figure.update_layout(height=190, margin_t=40)
        figure.update_annotations(font_size=12)
    said = [
        f"{title}: {describe(each, image.pixels, names, background=image.background)}"
        for title, each in zip(titles, found, strict=True)
    ]
    with st.container(key=f"wide_{key}"):
        show_chart(
            figure,
            key=key,
            alt=f"Heatmaps: {', '.join(titles)}. {' '.join(said)}",
        )


def titled(found: Attribution) -> str:
    """Return a method's name and the end of its colour scale."""
    if found.is_empty:
        return found.method.title
    sign = "±" if found.method.is_signed else "to "
    return f"{found.method.title}, {sign}{colours.limit_of(found.heatmap):.2g}"


def in_groups(methods: Sequence[Method]) -> dict[str, list[Method]]:
    """Sort the methods by family."""
    groups: dict[str, list[Method]] = {}
    for row in methods:
        groups.setdefault(row.group, []).append(row)
    return groups


def left_out(reasons: dict[str, str]) -> str:
    """Return which methods are not offered, and why, in as few sentences as there are reasons."""
    by_reason: dict[str, list[str]] = {}
    for method, reason in reasons.items():
        by_reason.setdefault(reason, []).append(METHODS[method].title)
    return " ".join(
        f"Left out: {', '.join(titles)}. {reason}" for reason, titles in by_reason.items()
    )


def _reading(found: Attribution, names: Sequence[str]) -> str:
    """Return how to read the colours of a map."""
    name, against = names[found.score.target], found.score.against
    if against is not None:
        name = text.RATHER_THAN.format(name=name, rival=names[against])
    return (colours.RED_AND_BLUE if found.method.is_signed else text.BRIGHTER).format(name=name)


def _show_figures(found: Attribution) -> None:
    """Show the score, and whether the map adds up to the score."""
    what = "margin" if found.score.against is not None else "logit"
    said = [text.EXPLAINED.format(score=what, value=numbers.signed(found.score_value))]
    if found.unit == occlusion.UNITS["probability"]:
        said += _probability_in_words(found, what)
    if found.layer is not None:
        said.append(text.LAYER.format(layer=plain(found.layer)))
    if found.conserved_share is not None:
        said.append(text.CONSERVED.format(share=found.conserved_share, score=what))
    delta = found.convergence_delta
    if delta is not None and found.baseline_value is not None:
        rise = found.score_value - found.baseline_value
        share = f" ({numbers.percent(abs(delta / rise))} of it)" if abs(rise) > 1e-3 else ""
        said.append(
            text.MISSED.format(
                score=what,
                baseline=numbers.signed(found.baseline_value),
                rise=numbers.signed(rise),
                missed=f"{abs(delta):.2g}{share}",
            )
        )
    st.caption(" ".join(said))


def _chance(row: Method) -> str:
    """Return what another seed changes; nothing for a method without a seed."""
    return f" {text.RANDOM.format(part=row.random_part)}" if row.needs_seed else ""


def _probability_in_words(found: Attribution, what: str) -> tuple[str, ...]:
    """Return what a map in probability shows, and that the map is flat if the network is sure."""
    is_alone = found.score.against is None
    said = (text.FALL_OF_PROBABILITY if is_alone else text.FALL_OF_DIFFERENCE,)
    if np.abs(found.heatmap).max() < FLAT:
        return (*said, text.TOO_SURE.format(least=FLAT, score=what))
    return said


def _why_empty(found: Attribution, image: CurrentImage) -> str:
    """Return why every value is 0, and what to do."""
    if not image.pixels.any():
        return text.BLANK.format(noun=image.noun)
    if found.layer is not None:
        return text.NOTHING_POSITIVE
    if found.baseline_value is not None:
        return text.LIKE_THE_BASELINE.format(noun=image.noun)
    return text.ALL_ZERO
