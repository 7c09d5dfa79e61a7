"""Small pieces of HTML: pictures, probability bars, tables. Markup escapes every text put in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup

from cnn_core.datasets import Background
from dashboard.figures import colours, numbers, pictures

LOADING = "The network is loading"


def picture(pixels: np.ndarray, *, width: int, description: str) -> Markup:
    """Return a uint8 picture with crisp pixels, (height, width) or (height, width, 3), as HTML.

    Args:
        pixels: The picture.
        width: Width on screen, in CSS pixels; it shrinks where there is less room.
        description: Text alternative.
    """
    return Markup('<img class="cl-pixels" src="{}" style="width:{}px" alt="{}">').format(
        pictures.data_uri(pixels), width, description
    )


def figure(
    pixels: np.ndarray,
    caption: str | Markup,
    *,
    width: int,
    title: str = "",
    description: str = "",
    bar: Markup = Markup(),  # noqa: B008 (no text, never changed)
) -> Markup:
    """Return a picture with a title above, a colour bar and a caption below, as HTML.

    Args:
        pixels: The picture.
        caption: Text or HTML below the picture.
        width: Width on screen, in CSS pixels.
        title: Title above the picture; none if empty.
        description: Text alternative; title and caption if empty.
        bar: Colour bar below the picture.
    """
    words = description or (f"{title}: {caption}" if title else caption)
    return Markup(
        '<figure class="cl-figure" style="width:{}px">{}{}{}<figcaption>{}</figcaption></figure>'
    ).format(
        width,
        Markup("<b>{}</b>").format(title) if title else "",
        picture(pixels, width=width, description=words),
        bar,
        caption,
    )


def row(pieces: Iterable[str]) -> Markup:
    """Return pieces side by side, wrapping where there is no room."""
    return Markup('<div class="cl-row">{}</div>').format(Markup().join(pieces))


def loading(text: str = LOADING) -> Markup:
    """Return a turning ring and what is being waited for, as HTML."""
    return Markup('<div class="cl-loading" role="status">{}</div>').format(text)


def scale_of(limit: float, *, is_signed: bool, unit: str) -> Markup:
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
    return Markup(
        '<div class="cl-scale"><span>{}</span>'
        '<i style="background:linear-gradient(90deg,{})"></i><span>{} {}</span></div>'
    ).format(low, stops, high, unit)


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
) -> Markup:
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
    return figure(shown, caption, width=width, title=title, bar=bar)


def heatmaps_on_one_scale(
    maps: Sequence[np.ndarray],
    pixels: np.ndarray,
    *,
    background: Background,
    titles: Sequence[str],
    is_signed: bool,
    unit: str,
) -> Markup:
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
            Markup(
                '<figure class="cl-figure"><b>{}</b>{}<figcaption>{}</figcaption></figure>'
            ).format(title, picture(shown, width=300, description=title), largest)
        )
    bar = scale_of(limit, is_signed=is_signed, unit=unit)
    return Markup('<div class="cl-together">{}{}</div>').format(Markup().join(figures), bar)


def label(text: str) -> Markup:
    """Return a line above what the line names."""
    return Markup('<div class="cl-label">{}</div>').format(text)


def labelled(name: str, value: str) -> Markup:
    """Return a value that cannot be changed here, as tall as a select box with its label."""
    return Markup('<div class="cl-labelled"><span>{}</span><b>{}</b></div>').format(name, value)


def facts(cells: Iterable[tuple[str, str]]) -> Markup:
    """Return a few figures, large, each with its meaning below."""
    cell = Markup("<div><b>{}</b><span>{}</span></div>")
    return Markup('<div class="cl-counts">{}</div>').format(
        Markup().join(cell.format(figure, meaning) for figure, meaning in cells)
    )


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    marked: int | None = None,
    text_columns: Sequence[int] = (),
) -> Markup:
    """Figures in rows and columns, scrolled sideways where there is no room.

    Args:
        head: The columns' titles.
        rows: Rows of cells, as text or HTML; the first cell names the row; one cell alone is a
            heading over the rows that follow.
        marked: The index of the row to emphasise.
        text_columns: The indices of the columns that hold words, not figures.
    """

    def cell(text: str, column: int) -> Markup:
        kind = Markup(' class="cl-text"') if column in text_columns else ""
        return Markup("<td{}>{}</td>").format(kind, text)

    def line(cells: Sequence[str], *, is_marked: bool) -> Markup:
        if len(cells) == 1:
            return Markup(
                '<tr class="cl-group"><th scope="rowgroup" colspan="{}">{}</th></tr>'
            ).format(len(head), cells[0])
        others = Markup().join(cell(text, i) for i, text in enumerate(cells) if i)
        kind = Markup(' class="cl-marked"') if is_marked else ""
        return Markup('<tr{}><th scope="row">{}</th>{}</tr>').format(kind, cells[0], others)

    titles = Markup().join(
        Markup('<th scope="col"{}>{}</th>').format(
            Markup(" class=cl-text" * (i in text_columns)), title
        )
        for i, title in enumerate(head)
    )
    lines = Markup().join(line(cells, is_marked=i == marked) for i, cells in enumerate(rows))
    return Markup(
        '<div class="cl-scroll" tabindex="0"><table class="cl-table">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(titles, lines)


def attention_figure(
    heatmap: np.ndarray,
    pixels: np.ndarray,
    class_name: str,
    *,
    background: Background,
    width: int = 190,
) -> Markup:
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
) -> Markup:
    """Return a bar for each class, and beside the bar the change in points since before.

    Args:
        names: Names of the classes.
        probabilities: (classes,) in [0, 1].
        before: (classes,) in [0, 1], of the digit before the edits; a thin grey bar.
        marked: The true class, if known.
    """
    answer = int(probabilities.argmax())
    line = Markup(
        '<div class="cl-bar{}"><span>{}{}</span>'
        '<i>{}<u style="width:{:.2f}%"></u></i><span>{}</span>{}</div>'
    )
    lines = []
    for i, (name, now) in enumerate(zip(names, probabilities.tolist(), strict=True)):
        thin = change = Markup()
        if before is not None:
            thin = Markup('<s style="width:{:.2f}%"></s>').format(100 * float(before[i]))
            change = Markup("<span>{}</span>").format(numbers.points(now - float(before[i])))
        kind = " cl-answer" if i == answer else ""
        tick = " ✓" if i == marked else ""
        said = numbers.probability(now)
        lines.append(line.format(kind, name, tick, thin, 100 * now, said, change))
    kind = "cl-bars" if before is None else "cl-bars cl-changes"
    return Markup('<div class="{}">{}</div>').format(kind, Markup().join(lines))


def said(text: Markup, more: str = "", *, kind: str = "") -> Markup:
    """Return the line that says what the network predicts.

    Args:
        text: HTML of the line.
        more: Text behind the line, smaller.
        kind: Further class of the style sheet.
    """
    return Markup('<div class="{}">{}<span>{}</span></div>').format(
        f"cl-said {kind}".rstrip(), text, more
    )


def legend(classes: Sequence[tuple[str, str]]) -> Markup:
    """Return the names and colours of a chart, as HTML.

    Args:
        classes: Names and colours.
    """
    key = Markup('<span><i style="background:{}"></i>{}</span>')
    keys = Markup().join(key.format(paint, name) for name, paint in classes)
    return Markup('<div class="cl-legend">{}</div>').format(keys)


def below_tile(name: str, number: str, names: Sequence[str]) -> str:
    """Return the text below a small picture: its class and a number.

    Args:
        name: Name of the class.
        number: Number as text.
        names: Names of all classes; where one is long, the number has a line of its own under each.
    """
    between = "\n" if max(map(len, names)) > 3 else " · "
    return f"{name}{between}{number}"
