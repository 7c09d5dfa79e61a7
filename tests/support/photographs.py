"""Synthetic photographs of handwritten digits: seeded, varied and hard on purpose.

A digit of the MNIST test set is thinned to its centre line and written again with a pen of its
own width and colour on paper or a blackboard; then come the light, the camera and the file.
The reader was tuned on other seeds of this generator, so a figure from it is no promise for real
photographs; it compares readers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from cnn_core import datasets

CONDITIONS = (
    "plain",
    "ballpoint",
    "marker",
    "ruled",
    "squared",
    "shadow",
    "desk",
    "small",
    "blackboard",
    "poor camera",
    "turned",
)
_DIGIT_SIDE = 140
# EXIF orientation -> the turn that a camera held that way makes of the upright picture.
_TURNS = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
_INKS = {
    "black": (0.08, 0.08, 0.10),
    "blue": (0.10, 0.16, 0.48),
    "pencil": (0.36, 0.36, 0.38),
    "red": (0.66, 0.12, 0.14),
    "green": (0.08, 0.36, 0.20),
}


@dataclass(frozen=True)
class Photograph:
    """A picture file, the digit it shows and the difficulty it stands for."""

    data: bytes
    label: int
    condition: str


def photographs(count: int, seed: int = 0) -> Iterator[Photograph]:
    """Make photographs, the conditions in turn, each of another digit of the test set."""
    test = datasets.load("mnist", split="test")
    order = np.random.default_rng(seed).permutation(len(test.images))[:count]
    for number, index in enumerate(order):
        rng = np.random.default_rng((seed, number))
        condition = CONDITIONS[number % len(CONDITIONS)]
        data = _photograph(test.images[index, ..., 0], condition, rng)
        yield Photograph(data, int(test.labels[index]), condition)


def _photograph(digit: np.ndarray, condition: str, rng: np.random.Generator) -> bytes:
    height, width = _frame(rng)
    coverage = _written(digit, condition, rng)
    ink = _placed(coverage, height, width, condition, rng)
    picture = _sheet(ink, condition, rng)
    picture = _seen_from_aside(picture, condition, rng)
    picture = _lit(picture, condition, rng)
    picture = _through_the_lens(picture, condition, rng)
    return _saved(picture, condition, rng)


def _frame(rng: np.random.Generator) -> tuple[int, int]:
    long_side = int(rng.integers(340, 640))
    short_side = int(long_side * rng.choice([9 / 16, 3 / 4, 0.9, 1.0]))
    return (long_side, short_side) if rng.random() < 0.5 else (short_side, long_side)


def _written(digit: np.ndarray, condition: str, rng: np.random.Generator) -> np.ndarray:
    """The digit written with another pen: coverage in [0, 1], the pen's width in digit heights."""
    large = cv2.resize(digit, (_DIGIT_SIDE, _DIGIT_SIDE), interpolation=cv2.INTER_CUBIC)
    line = _centre_line(cv2.GaussianBlur(large, (0, 0), 1.5) > 0.45)
    distance = cv2.distanceTransform((~line).astype(np.uint8), cv2.DIST_L2, 5)
    distance = cv2.GaussianBlur(distance, (0, 0), 1.2)
    low, high = {"ballpoint": (0.018, 0.035), "marker": (0.13, 0.2)}.get(condition, (0.03, 0.13))
    half_width = rng.uniform(low, high) / 2 * 100
    wobble = _cloud(large.shape, 25, rng) * 0.15 * half_width
    return np.clip(half_width + wobble - distance + 0.5, 0, 1)


def _centre_line(shape: np.ndarray) -> np.ndarray:
    """Thin a shape to lines of one pixel (Zhang and Suen, 1984)."""
    shape = np.pad(shape, 1)
    while True:
        before = int(shape.sum())
        for step in (0, 1):
            n = [np.roll(shape, by, (0, 1)) for by in _NEIGHBOURS]
            count = sum(m.astype(np.int8) for m in n)
            rises = sum((~n[i] & n[(i + 1) % 8]).astype(np.int8) for i in range(8))
            north, east, south, west = n[0], n[2], n[4], n[6]
            if step == 0:
                free = ~(north & east & south) & ~(east & south & west)
            else:
                free = ~(north & east & west) & ~(north & south & west)
            shape = shape & ~((count >= 2) & (count <= 6) & (rises == 1) & free)
        if int(shape.sum()) == before:
            return shape[1:-1, 1:-1]


# How far to roll a picture to see each neighbour, from the one above clockwise.
_NEIGHBOURS = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))


def _placed(
    coverage: np.ndarray, height: int, width: int, condition: str, rng: np.random.Generator
) -> np.ndarray:
    """Turn, slant and shift the digit into a frame."""
    low, high = (0.10, 0.2) if condition == "small" else (0.25, 0.85)
    scale = rng.uniform(low, high) * min(height, width) / 100
    angle = np.deg2rad(rng.uniform(-12, 12))
    stretch = rng.uniform(0.85, 1.18)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([scale * stretch, scale])
    reach = scale * 62
    spare = np.maximum(np.array([width, height]) / 2 - reach, 0)
    middle = np.array([width, height]) / 2 + rng.uniform(-0.9, 0.9, 2) * spare
    shift = middle - matrix @ np.full(2, _DIGIT_SIDE / 2)
    smaller = scale < 0.7
    source = cv2.GaussianBlur(coverage, (0, 0), 0.45 / scale) if smaller else coverage
    return cv2.warpAffine(
        source.astype(np.float32), np.column_stack([matrix, shift]), (width, height)
    )


def _sheet(ink: np.ndarray, condition: str, rng: np.random.Generator) -> np.ndarray:
    """The paper or board with its lines, and the ink on it: reflectance (h, w, 3) in [0, 1]."""
    shape = ink.shape
    board = condition == "blackboard"
    tint = rng.uniform(-0.04, 0.04, 3).astype(np.float32)
    base = rng.uniform(0.08, 0.22) if board else rng.uniform(0.72, 0.95)
    grain = _cloud(shape, 40, rng) * 0.02 + _noise(shape, rng) * rng.uniform(0.004, 0.015)
    sheet = np.clip(base + tint, 0, 1)[None, None] + grain[..., None]
    if condition in ("ruled", "squared"):
        sheet = _with_lines(sheet, condition == "squared", rng)
    if board:
        colour, depth = rng.uniform(0.75, 0.98) + rng.uniform(-0.08, 0.02, 3), 0.5
    else:
        name = rng.choice(list(_INKS), p=[0.35, 0.35, 0.14, 0.1, 0.06])
        colour, depth = np.array(_INKS[name]), 0.85
    density = np.clip(depth + _cloud(shape, 6, rng) * 0.18 + (1 - depth) / 2, 0.25, 1)
    share = (ink * density)[..., None]
    return np.clip(sheet * (1 - share) + colour.astype(np.float32) * share, 0, 1)


def _with_lines(sheet: np.ndarray, is_squared: bool, rng: np.random.Generator) -> np.ndarray:
    height, width = sheet.shape[:2]
    pitch = rng.uniform(0.05, 0.2) * min(height, width)
    half_width = rng.uniform(0.5, 1.8)
    strength = rng.uniform(0.2, 0.95)
    colour = np.array([[0.35, 0.5, 0.8], [0.45, 0.45, 0.5], [0.75, 0.4, 0.4]])[rng.integers(3)]
    lines = _comb(height, pitch, half_width, rng)[:, None] * np.ones((1, width))
    if is_squared:
        lines = np.maximum(lines, _comb(width, pitch, half_width, rng)[None])
    elif rng.random() < 0.5:
        margin = np.abs(np.arange(width) - width * rng.uniform(0.05, 0.2))
        lines = np.maximum(lines, np.clip(half_width - margin + 0.5, 0, 1)[None])
    share = (lines * strength)[..., None]
    return (sheet * (1 - share) + colour * share).astype(np.float32)


def _comb(length: int, pitch: float, half_width: float, rng: np.random.Generator) -> np.ndarray:
    place = (np.arange(length) + rng.uniform(0, pitch)) % pitch
    return np.clip(half_width - np.minimum(place, pitch - place) + 0.5, 0, 1)


def _seen_from_aside(picture: np.ndarray, condition: str, rng: np.random.Generator) -> np.ndarray:
    """Tilt the sheet; on a desk it is also moved back so that its edges come into the frame."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    away = 0.08 if condition in ("desk", "plain", "ruled", "squared") else 0.04
    seen = corners + rng.uniform(-away, away, (4, 2)) * [width, height]
    if condition == "desk":
        seen = corners + (seen - corners) + (np.array([width, height]) / 2 - corners) * 0.24
        seen = seen + rng.uniform(-0.1, 0.1, 2) * [width, height]
        surface = _desk(picture.shape, rng)
    else:
        # The sheet goes on beyond the frame: spread the corners until they are all outside.
        seen = seen + np.sign(corners - 1) * away * [width, height]
        surface = np.full(picture.shape, picture.reshape(-1, 3).mean(axis=0), np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    sheet = cv2.warpPerspective(picture, matrix, (width, height))
    there = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, (width, height))[
        ..., None
    ]
    if condition == "desk":
        cast = cv2.GaussianBlur(there, (0, 0), 6)[..., None]
        surface = surface * (1 - 0.5 * cast)
    return sheet + surface * (1 - there)


def _desk(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    colour = np.array([[0.35, 0.22, 0.13], [0.15, 0.15, 0.17], [0.55, 0.42, 0.3]])[rng.integers(3)]
    stripes = cv2.resize(rng.normal(0, 1, (24, 3)), (shape[1], shape[0]))
    return np.clip(colour * (1 + 0.12 * stripes[..., None]), 0, 1).astype(np.float32)


def _lit(picture: np.ndarray, condition: str, rng: np.random.Generator) -> np.ndarray:
    """Uneven light, the lens's dark corners, a cast of colour and the edge of a shadow."""
    height, width = picture.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    way = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0, 0.3) * (np.cos(way) * x + np.sin(way) * y)
    light *= 1 - rng.uniform(0, 0.22) * (x**2 + y**2)
    if condition == "shadow" or rng.random() < 0.15:
        way = rng.uniform(0, 2 * np.pi)
        across = np.cos(way) * x + np.sin(way) * y - rng.uniform(-0.5, 0.5)
        across = across + 0.08 * np.sin(rng.uniform(1, 4) * (np.sin(way) * x - np.cos(way) * y))
        dark = 1 / (1 + np.exp(-across / rng.uniform(0.01, 0.12)))
        light = light * (1 - rng.uniform(0.3, 0.65) * dark)
    cast = rng.uniform(0.9, 1.0, 3).astype(np.float32)
    return picture * (light * rng.uniform(0.7, 1.05))[..., None].astype(np.float32) * cast


def _through_the_lens(picture: np.ndarray, condition: str, rng: np.random.Generator) -> np.ndarray:
    poor = condition == "poor camera"
    blur = rng.uniform(1.0, 2.6) if poor else rng.uniform(0.3, 1.2)
    picture = cv2.GaussianBlur(picture, (0, 0), blur)
    noise = rng.uniform(0.02, 0.06) if poor else rng.uniform(0.002, 0.02)
    noisy = picture + noise * _noise(picture.shape, rng)
    return np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)


def _saved(picture: np.ndarray, condition: str, rng: np.random.Generator) -> bytes:
    image, file = Image.fromarray(picture), io.BytesIO()
    exif = Image.Exif()
    if condition == "turned":
        orientation = int(rng.choice(list(_TURNS)))
        exif[0x0112] = orientation
        image = image.transpose(_TURNS[orientation])
    low, high = (25, 50) if condition == "poor camera" else (40, 96)
    image.save(file, "JPEG", quality=int(rng.integers(low, high)), exif=exif)
    return file.getvalue()


def _cloud(shape: tuple[int, ...], size: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of about unit size whose spots are `size` pixels wide."""
    coarse = rng.normal(0, 1, (shape[0] // size + 2, shape[1] // size + 2)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)
