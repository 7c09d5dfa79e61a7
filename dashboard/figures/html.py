"""Small pieces of HTML: pictures, probability bars, tables. Text is always escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from cnn_core.datasets import Background
from dashboard.figures import colours, numbers, pictures


class Html(str):
    """A piece that is HTML already, where others are text to be escaped."""


def picture(pixels: np.ndarray, *, width: int, description: str) -> str:
    """Return a uint8 picture with crisp pixels, (height, width) or (height, width, 3), as HTML.

    Args:
        pixels: The picture.
        width: Width on screen, in CSS pixels; it shrinks where there is less room.
        description: Text alternative.
    """
    return (
        f'<img class="cl-pixels" src="{pictures.data_uri(pixels)}" '
        f'style="width:{width}px" alt="{escape(description)}">'
    )


def figure(pixels: np.ndarray, caption: str, *, width: int, description: str = "") -> str:
    """Return a picture with a caption below, as HTML."""
    shown = picture(pixels, width=width, description=description or caption)
    return (
        f'<figure class="cl-figure" style="width:{width}px">{shown}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def titled_figure(pixels: np.ndarray, title: str, caption: str, *, width: int) -> str:
    """Return a picture with a title above and a caption below, as HTML."""
    shown = picture(pixels, width=width, description=f"{title}: {caption}")
    return (
        f'<figure class="cl-figure" style="width:{width}px"><b>{escape(title)}</b>{shown}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def row(pieces: Iterable[str]) -> str:
    """Pieces side by side, wrapping where there is no room."""
    return f'<div class="cl-row">{"".join(pieces)}</div>'


def loading(text: str = "The network is loading") -> str:
    """Return a turning ring and what is being waited for, as HTML."""
    return f'<div class="cl-loading" role="status">{escape(text)}</div>'


def scale_of(limit: float, *, is_signed: bool, unit: str) -> str:
    """Return the colour bar: the scale with its two ends and its unit.

    Args:
        limit: The value at the end of the scale.
        is_signed: The scale runs from -limit; else from 0.
        unit: Unit of the values.
    """
    stops = ",".join(colours.scale(is_signed))
    low, high = (
        (numbers.signed(-limit), numbers.signed(limit)) if is_signed else ("0", f"{limit:.2f}")
    )
    return (
        f'<div class="cl-scale"><span>{low}</span>'
        f'<i style="background:linear-gradient(90deg,{stops})"></i>'
        f"<span>{high} {escape(unit)}</span></div>"
    )


def heatmap_figure(
    heatmap: np.ndarray,
    pixels: np.ndarray,
    *,
    background: Background,
    is_signed: bool,
    title: str,
    caption: str,
    unit: str,
    limit: float | None = None,
    width: int = 190,
) -> str:
    """Return a heatmap over its picture with title, caption and colour bar.

    Args:
        heatmap: (height, width), raw.
        pixels: (height, width, channels) in [0, 1], the digit.
        background: Background of the digit.
        is_signed: True if values below 0 have a meaning.
        title: Title above the picture.
        caption: Words on how to read the map.
        unit: Unit of the values.
        limit: The value at the end of the colour scale; the largest magnitude if None.
        width: Width on screen, in CSS pixels.
    """
    limit = limit or colours.limit_of(heatmap)
    coloured = colours.colourise(heatmap, is_signed=is_signed, limit=limit)
    shown = pictures.over_image(coloured, pixels, background=background, is_signed=is_signed)
    bar = scale_of(limit, is_signed=is_signed, unit=unit)
    return (
        f'<figure class="cl-figure" style="width:{width}px"><b>{escape(title)}</b>'
        f"{picture(shown, width=width, description=f'{title}: {caption}')}"
        f"{bar}<figcaption>{escape(caption)}</figcaption></figure>"
    )


def heatmaps_on_one_scale(
    maps: Sequence[np.ndarray],
    pixels: np.ndarray,
    *,
    background: Background,
    titles: Sequence[str],
    is_signed: bool,
    unit: str,
) -> str:
    """Heatmaps of one digit side by side, and below them the one scale that all are read on.

    Args:
        maps: Heatmaps, each (height, width), raw.
        pixels: (height, width, channels) in [0, 1], the digit.
        background: Background of the digit.
        titles: Titles, one per map; the largest magnitude is put below.
        is_signed: True if values below 0 have a meaning.
        unit: Unit of the values.
    """
    limit = colours.limit_of(np.stack(maps))
    figures = []
    for values, title in zip(maps, titles, strict=True):
        coloured = colours.colourise(values, is_signed=is_signed, limit=limit)
        shown = pictures.over_image(coloured, pixels, background=background, is_signed=is_signed)
        largest = f"largest value {np.abs(values).max():.2g}" if values.any() else "no evidence"
        figures.append(
            f'<figure class="cl-figure"><b>{escape(title)}</b>'
            f"{picture(shown, width=300, description=title)}"
            f"<figcaption>{largest}</figcaption></figure>"
        )
    bar = scale_of(limit, is_signed=is_signed, unit=unit)
    return f'<div class="cl-together">{"".join(figures)}{bar}</div>'


def labelled(label: str, value: str) -> str:
    """Return a value that cannot be changed here, as tall as a select box with its label."""
    return f'<div class="cl-labelled"><span>{escape(label)}</span><b>{escape(value)}</b></div>'


def facts(cells: Iterable[tuple[str, str]]) -> str:
    """Return a few figures, large, each with its meaning below."""
    shown = (f"<div><b>{escape(what)}</b><span>{escape(said)}</span></div>" for what, said in cells)
    return f'<div class="cl-counts">{"".join(shown)}</div>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    marked: int | None = None,
    text_columns: Sequence[int] = (),
) -> str:
    """Figures in rows and columns, scrolled sideways where there is no room.

    Args:
        head: The columns' titles.
        rows: Rows of cells, as text or HTML; the first cell names the row; one cell alone is a
            heading over the rows that follow.
        marked: The index of the row to emphasise.
        text_columns: The indices of the columns that hold words, not figures.
    """

    def cell(text: str, column: int) -> str:
        kind = ' class="cl-text"' if column in text_columns else ""
        return f"<td{kind}>{text if isinstance(text, Html) else escape(text)}</td>"

    def line(cells: Sequence[str], *, is_marked: bool) -> str:
        if len(cells) == 1:
            over = f'<th scope="rowgroup" colspan="{len(head)}">{escape(cells[0])}</th>'
            return f'<tr class="cl-group">{over}</tr>'
        others = "".join(cell(text, i) for i, text in enumerate(cells) if i)
        kind = ' class="cl-marked"' if is_marked else ""
        return f'<tr{kind}><th scope="row">{escape(cells[0])}</th>{others}</tr>'

    titles = "".join(
        f'<th scope="col"{" class=cl-text" * (i in text_columns)}>{escape(title)}</th>'
        for i, title in enumerate(head)
    )
    lines = "".join(line(cells, is_marked=i == marked) for i, cells in enumerate(rows))
    return (
        '<div class="cl-scroll" tabindex="0"><table class="cl-table">'
        f"<thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def attention_figure(
    heatmap: np.ndarray,
    pixels: np.ndarray,
    class_name: str,
    *,
    background: Background,
    width: int = 190,
) -> str:
    """Return the gradient saliency of a class over its picture."""
    return heatmap_figure(
        heatmap,
        pixels,
        background=background,
        is_signed=False,
        title="Attention",
        caption=f"where a change moves the {class_name} most",
        unit="logits/unit",
        width=width,
    )


def probability_bars(
    names: Sequence[str],
    probabilities: np.ndarray,
    before: np.ndarray | None = None,
    *,
    marked: int | None = None,
) -> str:
    """Return a bar for each class, and beside the bar the change in points since before.

    Args:
        names: Names of the classes.
        probabilities: (classes,) in [0, 1].
        before: (classes,) in [0, 1], of the digit before the edits; a thin grey bar.
        marked: The true class, if known.
    """
    answer = int(probabilities.argmax())
    lines = []
    for i, name in enumerate(names):
        change = ""
        if before is not None:
            change = f"<span>{numbers.points(float(probabilities[i] - before[i]))}</span>"
        thin = "" if before is None else f'<s style="width:{100 * before[i]:.2f}%"></s>'
        lines.append(
            f'<div class="cl-bar{" cl-answer" if i == answer else ""}">'
            f"<span>{escape(name)}{' ✓' if i == marked else ''}</span>"
            f'<i>{thin}<u style="width:{100 * probabilities[i]:.2f}%"></u></i>'
            f"<span>{escape(numbers.probability(float(probabilities[i])))}</span>{change}</div>"
        )
    kind = "cl-bars" if before is None else "cl-bars cl-changes"
    return f'<div class="{kind}">{"".join(lines)}</div>'


def legend(classes: Sequence[tuple[str, str]]) -> str:
    """Return the names and colours of a chart, as HTML.

    Args:
        classes: Names and colours.
    """
    keys = (
        f'<span><i style="background:{paint}"></i>{escape(name)}</span>' for name, paint in classes
    )
    return f'<div class="cl-legend">{"".join(keys)}</div>'


def below_tile(name: str, number: str, names: Sequence[str]) -> str:
    """Return the text below a small picture: its class and a number.

    Args:
        name: Name of the class.
        number: Number as text.
        names: Names of all classes; where one is long, the number has a line of its own under each.
    """
    between = "\n" if max(map(len, names)) > 3 else " · "
    return f"{name}{between}{number}"
