"""Which pixels of a picture are the digit.

The picture is looked at twice, for dark strokes on light paper and for light ones on a dark board,
and cut at several levels of contrast. Every connected component of every cut is scored by what
makes a pen stroke: contrast, length, thinness and an edge all around. The best one is the digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from cnn_core.errors import PictureError

_LEVELS = (0.5, 0.36, 0.26, 0.18, 0.13, 0.09, 0.06)
_NOISE_FACTOR = 3.0  # a cut lies at least this far above the noise
_WIDEST_STROKE = 0.25  # of the picture's shorter side
_LEAST_SIZE = 0.04  # of the picture's longer side
_LEAST_SCORE = 0.02
_AT_BORDER = 0.4  # how much a component counts that touches one side of the picture
_LIGHT_ON_DARK = 0.5  # how much light strokes count: paper is more usual than a blackboard
_BLOB, _STROKE = 1.5, 11.5  # length / width of what is surely no stroke, and surely one


@dataclass(frozen=True)
class Segmentation:
    """Digit found in a picture.

    Attributes:
        contrast: (height, width) float32 in [0, 1], how far each pixel stands out from the
            paper or board around it.
        mask: (height, width) bool, the pixels of the digit.
        full: The contrast of full ink.
        is_one_of_several: True if something else in the picture might be a digit too.
    """

    contrast: np.ndarray
    mask: np.ndarray
    full: float
    is_one_of_several: bool


@dataclass(frozen=True)
class _Scene:
    """A picture seen as dark strokes on light paper; light, paper and noise in its grey levels."""

    light: np.ndarray
    paper: np.ndarray
    contrast: np.ndarray
    noise: float


@dataclass(frozen=True)
class _Components:
    """The connected components of a cut; an entry for each, the first one is the background."""

    labels: np.ndarray
    left: np.ndarray
    top: np.ndarray
    width: np.ndarray
    height: np.ndarray
    area: np.ndarray
    contrast: np.ndarray
    touches_border: np.ndarray
    score: np.ndarray

    @property
    def size(self) -> np.ndarray:
        """The longer side of each."""
        return np.maximum(self.width, self.height)


def find_digit(grey: np.ndarray) -> Segmentation:
    """Find the digit in a grey picture, written dark on light or light on dark.

    Args:
        grey: (height, width) float32 in [0, 1], 0 is black; some 500 pixels on its longer side.

    Returns:
        The contrast of the picture and the pixels of the digit in it.

    Raises:
        PictureError: Nothing in the picture looks like a digit.
    """
    best_score, best = 0.0, None
    for scene, prior in ((_dark_on_light(grey), 1.0), (_light_on_dark(grey), _LIGHT_ON_DARK)):
        for components in _cuts(scene):
            if (score := prior * float(components.score.max())) > best_score:
                best_score, best = score, (scene, components)
    if best is None or best_score < _LEAST_SCORE:
        raise no_digit_found()
    scene, components = best
    is_part, is_one_of_several = _parts(components)
    mask = is_part[components.labels]
    full = float(np.percentile(scene.contrast[mask], 70))
    return Segmentation(scene.contrast, mask, full, is_one_of_several)


def no_digit_found() -> PictureError:
    """Return the error for a picture without a digit, with what to do."""
    return PictureError(
        "No digit was found in the picture; write it larger and darker, alone on plain paper."
    )


def _dark_on_light(grey: np.ndarray) -> _Scene:
    """Ink takes away a share of the paper's light, be that much or little."""
    light, paper = _paper(grey)
    return _scene(light, paper, np.maximum(paper, 0.25 * np.percentile(grey, 95)))


def _light_on_dark(grey: np.ndarray) -> _Scene:
    """Chalk adds light to a board whose own light is next to nothing."""
    light, board = _paper(1 - grey)
    return _scene(light, board, np.percentile(grey, 99.5))


def _paper(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smooth the picture, and return the same without its dark strokes.

    A closing takes out whatever is narrower than its kernel and leaves the edge of a shadow sharp,
    where a blur would leave a line along it.
    """
    light = cv2.GaussianBlur(grey, (0, 0), 1.0)
    side = int(_WIDEST_STROKE * min(grey.shape)) | 1
    levels = cv2.medianBlur((light * 255).astype(np.uint8), 5)
    paper = cv2.morphologyEx(levels, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    return light, cv2.GaussianBlur(paper.astype(np.float32) / 255, (0, 0), 2)


def _scene(light: np.ndarray, paper: np.ndarray, scale: np.ndarray) -> _Scene:
    contrast = (paper - light) / np.maximum(scale, 1e-3)
    middle = np.median(contrast)
    noise = 1.4826 * float(np.median(np.abs(contrast - middle)))
    return _Scene(light, paper, np.clip(contrast - middle, 0, 1).astype(np.float32), noise)


def _cuts(scene: _Scene) -> Iterator[_Components]:
    for level in _LEVELS:
        mask = scene.contrast > level
        if level > _NOISE_FACTOR * scene.noise and mask.any():
            yield _components(scene, mask)


def _components(scene: _Scene, mask: np.ndarray) -> _Components:
    ink = mask.astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, width, height, area = stats.T
    bottom, right = mask.shape
    sides = (left == 0, top == 0, left + width == right, top + height == bottom)
    touched = np.sum(sides, axis=0)

    inside = np.flatnonzero(mask)
    label = labels.ravel()[inside]

    def mean(picture: np.ndarray) -> np.ndarray:
        total: np.ndarray = np.bincount(label, picture.ravel()[inside], count)
        return total / np.maximum(area, 1)

    contrast, light, paper = mean(scene.contrast), mean(scene.light), mean(scene.paper)
    # Across a bar of width w the mean distance to its edge is w / 4.
    stroke = np.maximum(4 * mean(cv2.distanceTransform(ink, cv2.DIST_L2, 5)), 1)
    step, edge = _rim(scene, labels, (light + paper) / 2)
    score = (
        np.maximum(contrast - step, 0)
        * np.sqrt(area / stroke / max(mask.shape))
        * np.clip((area / stroke**2 - _BLOB) / (_STROKE - _BLOB), 0, 1)
        * edge**4
        * _AT_BORDER ** np.minimum(touched, 2)
        * (np.maximum(width, height) >= _LEAST_SIZE * max(mask.shape))
    )
    score[0] = 0
    return _Components(labels, left, top, width, height, area, contrast, touched > 0, score)


def _rim(scene: _Scene, labels: np.ndarray, halfway: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean contrast around each component, and the share of its rim that is lighter.

    A patch of shadow has no edge, and a gap between two things has none where it is open.
    """
    around = cv2.dilate(labels.astype(np.float32), np.ones((9, 9)))
    outside = np.flatnonzero((around > 0) & (labels == 0))
    label = around.ravel()[outside].astype(np.intp)
    area = np.maximum(np.bincount(label, minlength=len(halfway)), 1)
    contrast = np.bincount(label, scene.contrast.ravel()[outside], len(halfway)) / area
    is_lighter = scene.light.ravel()[outside] > halfway[label]
    return contrast, np.bincount(label, is_lighter, len(halfway)) / area


def _parts(components: _Components) -> tuple[np.ndarray, bool]:
    """Choose the components that make up the digit; tell if there is another of their kind.

    A loose bar or the far side of a gap belongs to the digit; a thing as high beside it does not.
    """
    c = components
    main = int(c.score.argmax())
    size = c.size[main]
    gap_x = np.maximum(c.left - c.left[main] - c.width[main], c.left[main] - c.left - c.width)
    gap_y = np.maximum(c.top - c.top[main] - c.height[main], c.top[main] - c.top - c.height)
    gap = np.maximum(gap_x, gap_y)
    is_beside = (c.height > 0.6 * c.height[main]) & (gap_x > 0.08 * size)
    is_ink = (c.contrast > 0.6 * c.contrast[main]) & (c.area > 0.02 * c.area[main])
    # A shadow or an edge comes in from the border; a stroke cut off by it is close or stroke-like.
    is_stroke = (gap <= 0.07 * size) | (c.score > 0.15 * c.score[main])
    is_inside = ~c.touches_border | c.touches_border[main] | (is_stroke & (c.size < 1.3 * size))
    is_part = (gap <= 0.2 * size) & ~is_beside & is_ink & is_inside
    is_part[[0, main]] = False, True
    others = c.score * ~is_part
    return is_part, bool(others.max() > 0.4 * c.score[main])
