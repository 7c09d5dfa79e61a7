"""A network drawn from its graph as SVG: layer summaries -> text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from cnn_core.architecture import LayerSummary, Table
from cnn_core.layer_kinds import family_of
from dashboard.app_pages.models.diagram_layout import (
    BAR,
    FOOT,
    GAP_OF_CURVES,
    LINE,
    PADDING,
    Box,
    head_height,
    lay_out,
)
from dashboard.figures import html, numbers

# Legible on light and on dark; all else is drawn in the colour of the text.
COLOURS = {
    "convolution": "#5b8fb0",
    "pooling": "#4f9d78",
    "dense": "#a06fb5",
    "other": "#8a97a3",
    "shortcut": "#d0607e",
}
_PICTURE, _MARGIN, _BULGE, _ARROW = 40, 3, 34, 6
# The width of a letter as a share of the font's size, on average, and of a bold one.
_LETTER, _BOLD_LETTER = 0.48, 0.54


@dataclass(frozen=True)
class _Scale:
    """The largest of a network's numbers, which its pictures and bars are drawn against."""

    side: int
    channels: int
    multiply_adds: int
    total: int


def svg(table: Table, title: str) -> Markup:
    """Draw a network as SVG, in the colour and the font of the text around the drawing.

    Args:
        table: Its layers, each behind those it takes.
        title: Text alternative.
    """
    boxes = lay_out(table)
    costs = [layer.multiply_adds for layer in table]
    scale = _Scale(
        side=max(layer.output_shape[0] for layer in table if len(layer.output_shape) == 3),
        channels=max(layer.output_shape[-1] for layer in table),
        multiply_adds=max(costs),
        total=sum(costs),
    )
    edges = [_edge(boxes, source, box) for box in boxes for source in box.sources]
    drawn = [_draw(box, scale) for box in boxes]
    has_shortcuts = any(COLOURS["shortcut"] in edge for edge in edges)
    width = max(box.right for box in boxes) + _BULGE * has_shortcuts
    height = max(box.bottom for box in boxes)
    return Markup(  # every text in it is escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cl-network" role="img" '
        f'aria-label="{escape(title)}" width="{width + 2 * _MARGIN:.0f}" '
        f'height="{height + 2 * _MARGIN:.0f}" fill="currentColor" font-size="11" '
        f'font-family="sans-serif">'
        f'<g transform="translate({_MARGIN} {_MARGIN})">{"".join(edges + drawn)}</g></svg>'
    )


def num_lanes(table: Table) -> int:
    """Count the boxes side by side in the drawing."""
    return len({box.left for box in lay_out(table)})


def legend() -> Markup:
    """Return the colours of the drawing, as HTML."""
    return html.legend(list(COLOURS.items()))


def long_number(number: int) -> str:
    """Format a count in words that people say: 15.5 billion, 724 million, 472,827."""
    for size, word in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            digits = 0 if number >= 100 * size else 1
            return f"{number / size:.{digits}f} {word}"
    return f"{number:,}"


def _edge(boxes: Sequence[Box], source: int, target: Box) -> str:
    """Draw the line between two boxes: straight, bent into another lane, or around."""
    above = boxes[source]
    x, y, to_x, to_y = above.middle, above.bottom, target.middle, target.top
    is_around = x == to_x and any(
        box.middle == x and above.bottom <= box.top < target.top for box in boxes
    )
    if is_around:
        return _line(_around(above, target), is_shortcut=True)
    if x == to_x:
        path = f"M{x:g} {y:g}V{to_y:g}"
    elif len(target.sources) > 1:  # straight down its own lane first
        turn = to_y - GAP_OF_CURVES + _ARROW
        path = f"M{x:g} {y:g}V{turn:g}{_bend(x, turn, to_x, to_y)}"
    else:
        path = f"M{x:g} {y:g}{_bend(x, y, to_x, to_y)}"
    ends = (above.layers[0], target.layers[0])
    is_shortcut = any(family_of(layer.kind) == "shortcut" for layer in ends)
    return _line(f"{path}m-3.5 {-_ARROW}l3.5 {_ARROW}l3.5 {-_ARROW}", is_shortcut=is_shortcut)


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    end = to_y - _ARROW
    half = (y + end) / 2
    return f"C{x:g} {half:g} {to_x:g} {half:g} {to_x:g} {end:g}v{_ARROW}"


def _around(above: Box, target: Box) -> str:
    """From the right side of a box down to that of another, past those between."""
    x, y, to_y = above.right, above.bottom - FOOT / 2, target.top + PADDING
    side, corner = x + _BULGE - _ARROW, _BULGE - _ARROW
    return (
        f"M{x:g} {y:g}C{side:g} {y:g} {side:g} {y:g} {side:g} {y + corner:g}V{to_y - corner:g}"
        f"C{side:g} {to_y:g} {side:g} {to_y:g} {x:g} {to_y:g}"
        f"m{_ARROW} -3.5l{-_ARROW} 3.5l{_ARROW} 3.5"
    )


def _line(path: str, *, is_shortcut: bool) -> str:
    colour = COLOURS["shortcut"] if is_shortcut else "currentColor"
    strength = 'stroke-width="1.8"' if is_shortcut else 'stroke-opacity=".5"'
    return f'<path d="{path}" fill="none" stroke="{colour}" {strength}/>'


def _draw(box: Box, scale: _Scale) -> str:
    head, *feet = box.layers
    colour = COLOURS[family_of(head.kind)]
    frame = (
        f'<rect width="{box.width:g}" height="{box.height:g}" rx="6" fill="{colour}" '
        f'fill-opacity=".1" stroke="{colour}" stroke-opacity=".7"/>'
    )
    top = head_height(head)
    drawn_feet = "".join(_foot(layer, top + FOOT * i, box.width) for i, layer in enumerate(feet))
    return (
        f'<g transform="translate({box.left:g} {box.top:g})">{frame}'
        f"{_head(head, box.width, colour, scale)}{drawn_feet}</g>"
    )


def _head(layer: LayerSummary, width: float, colour: str, scale: _Scale) -> str:
    room = width - _PICTURE - PADDING
    # In short, as those who build networks say it.
    kind = layer.title.replace("2D ", " ").replace("same padding", "same")
    lines = [kind, _third_line(layer)]
    if layer.num_parameters:
        lines.append(f"{layer.num_parameters:,} parameters")
    texts = "".join(
        _text(_fitted(line, room, 11 * _LETTER), _PICTURE, PADDING + 11 + LINE * i, opacity=0.85)
        for i, line in enumerate(lines, 1)
    )
    last = PADDING + 11 + LINE * len(lines)
    cost = _cost(layer, width, colour, scale, last) if layer.multiply_adds else ""
    return (
        f"<g><title>{escape(_said(layer))}</title>{_volume(layer, colour, scale)}"
        f'<text x="{_PICTURE}" y="{PADDING + 11}" font-size="12.5" font-weight="650">'
        f"{escape(_fitted(layer.name, room, 12.5 * _BOLD_LETTER))}</text>{texts}{cost}</g>"
    )


def _third_line(layer: LayerSummary) -> str:
    shape = "\N{MULTIPLICATION SIGN}".join(map(str, layer.output_shape))
    field = layer.receptive_field
    if field is None or not layer.inputs:
        return shape
    height, width = field.size
    return f"{shape}, sees {height}\N{MULTIPLICATION SIGN}{width}"


def _said(layer: LayerSummary) -> str:
    """Describe a layer in one line."""
    shape = "\N{MULTIPLICATION SIGN}".join(map(str, layer.output_shape))
    parts = [f"{layer.name}: {layer.title}", f"gives {shape}"]
    if layer.num_parameters:
        parts.append(f"{layer.num_parameters:,} parameters, {layer.num_trainable:,} trainable")
    if layer.multiply_adds:
        parts.append(f"{layer.multiply_adds:,} multiply-adds")
    field = layer.receptive_field
    if field is not None:
        parts.append(f"sees {field.size[0]} by {field.size[1]} pixels every {field.stride[0]}")
    return "; ".join(parts)


def _foot(layer: LayerSummary, top: float, width: float) -> str:
    middle = top + FOOT / 2 + 3.5
    room = width - 2 * PADDING
    name = _fitted(layer.name, room, 11 * _LETTER)
    has_room = (len(name) + len(layer.title) + 2) * 11 * _LETTER <= room
    return (
        f"<g><title>{escape(_said(layer))}</title>"
        f'<path d="M0 {top:g}H{width:g}" stroke="currentColor" stroke-opacity=".15"/>'
        + _text(name, PADDING, middle, opacity=0.85)
        + (
            _text(layer.title, width - PADDING, middle, opacity=0.65, anchor="end")
            if has_room
            else ""
        )
        + "</g>"
    )


def _cost(layer: LayerSummary, width: float, colour: str, scale: _Scale, last: float) -> str:
    """Draw the share of the computation, beside the last line and as a bar below it."""
    room = width - _PICTURE - PADDING
    filled = max(1.0, room * layer.multiply_adds / scale.multiply_adds)
    share = numbers.percent(layer.multiply_adds / scale.total)
    bar = f'<rect x="{_PICTURE}" y="{last + 6:g}" height="{BAR - 3}" rx="2"'
    return (
        _text(share, width - PADDING, last, opacity=0.85, anchor="end")
        + f'{bar} width="{room:g}" fill="currentColor" fill-opacity=".12"/>'
        + f'{bar} width="{filled:.1f}" fill="{colour}"/>'
    )


def _volume(layer: LayerSummary, colour: str, scale: _Scale) -> str:
    """Draw the layer's output as a block: height and depth are places, width channels."""
    side = layer.output_shape[0] if len(layer.output_shape) == 3 else 1
    height = 4 + 20 * math.sqrt(side / scale.side)
    width = 2 + 13 * math.log(layer.output_shape[-1]) / math.log(max(2, scale.channels))
    deep = height * 0.32
    x = (_PICTURE - width - deep) / 2
    y = (head_height(layer) - height + deep) / 2
    faces = (
        (f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h{-width:.1f}z", 0.55),
        (f"M{x:.1f} {y:.1f}l{deep:.1f} {-deep:.1f}h{width:.1f}l{-deep:.1f} {deep:.1f}z", 0.3),
        (
            f"M{x + width:.1f} {y:.1f}l{deep:.1f} {-deep:.1f}v{height:.1f}l{-deep:.1f} {deep:.1f}z",
            0.8,
        ),
    )
    return "".join(f'<path d="{d}" fill="{colour}" fill-opacity="{o}"/>' for d, o in faces)


def _text(text: str, x: float, y: float, *, opacity: float, anchor: str = "start") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" fill-opacity="{opacity}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


def _fitted(text: str, room: float, letter: float) -> str:
    """Return the text, cut if it is longer than the room for it."""
    letters = int(room / letter)
    return text if len(text) <= letters else text[: letters - 1] + "\N{HORIZONTAL ELLIPSIS}"
