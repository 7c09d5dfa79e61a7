"""The changes: rows in PERTURBATIONS."""

from __future__ import annotations

import math

from cnn_core.errors import UnknownNameError
from cnn_core.options import Option
from cnn_core.robustness import attacks, corruptions
from cnn_core.robustness.spec import BRIGHTNESS, DEGREES, PERCENT, PIXELS, Perturbation

_ATTACKED = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)

PERTURBATIONS = {
    row.name: row
    for row in (
        Perturbation(
            name="rotation",
            title="Rotation",
            compute=corruptions.rotation,
            unit=DEGREES,
            minimum=-90,
            maximum=90,
            default=20,
            step=1,
            measured=(-60, -40, -20, 0, 20, 40, 60),
            directions={"": ("anticlockwise", "clockwise")},
            lowest=-math.inf,
        ),
        Perturbation(
            name="shift",
            title="Shift",
            compute=corruptions.shift,
            unit=PIXELS,
            minimum=-10,
            maximum=10,
            default=3,
            step=0.5,
            measured=(-6, -4, -2, 0, 2, 4, 6),
            directions={
                corruptions.SIDEWAYS: ("to the left", "to the right"),
                corruptions.UP_AND_DOWN: ("upwards", "downwards"),
            },
            lowest=-math.inf,
            options=(
                Option(
                    "direction",
                    "Direction",
                    "Above 0 to the right, or downwards.",
                    corruptions.SIDEWAYS,
                    choices=(corruptions.SIDEWAYS, corruptions.UP_AND_DOWN),
                ),
            ),
        ),
        Perturbation(
            name="scale",
            title="Scale",
            compute=corruptions.scale,
            unit=PERCENT,
            minimum=-60,
            maximum=60,
            default=-30,
            step=2,
            measured=(-50, -30, -15, 0, 15, 30, 50),
            directions={"": ("smaller", "larger")},
            lowest=-99,
        ),
        Perturbation(
            name="thickness",
            title="Stroke thickness",
            compute=corruptions.thickness,
            unit=PIXELS,
            minimum=-2,
            maximum=3,
            default=1,
            step=0.25,
            measured=(-1.5, -1, -0.5, 0, 1, 2, 3),
            directions={"": ("thinner", "thicker")},
            lowest=-math.inf,
            is_for_ink_only=True,
        ),
        Perturbation(
            name="noise",
            title="Noise",
            compute=corruptions.noise,
            unit=BRIGHTNESS,
            maximum=1,
            default=0.3,
            step=0.02,
            measured=(0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8),
            photograph_share=0.5,
        ),
        Perturbation(
            name="blur",
            title="Blur",
            compute=corruptions.blur,
            unit=PIXELS,
            maximum=5,
            default=1.5,
            step=0.1,
            measured=(0, 0.5, 1, 1.5, 2, 3, 4),
        ),
        Perturbation(
            name="contrast",
            title="Contrast",
            compute=corruptions.contrast,
            unit=PERCENT,
            minimum=-98,
            maximum=100,
            default=-70,
            step=2,
            measured=(-95, -90, -75, -50, 0, 50, 100),
            directions={"": ("with less of it", "with more of it")},
            lowest=-100,
        ),
        Perturbation(
            name="bar",
            title="Occluding bar",
            compute=corruptions.bar,
            unit=PIXELS,
            maximum=20,
            default=5,
            step=0.5,
            measured=(0, 2, 4, 6, 8, 12, 16),
            options=(
                Option(
                    "orientation",
                    "Bar",
                    "Which way it lies.",
                    corruptions.UPRIGHT,
                    choices=(corruptions.UPRIGHT, corruptions.LEVEL),
                ),
                Option(
                    "position",
                    "Position",
                    "Of its middle, in % of the side from the left or from above.",
                    50,
                    0,
                    100,
                    5,
                ),
                Option("fill", "Colour", "Of the bar.", "grey", choices=tuple(corruptions.FILLS)),
            ),
        ),
        Perturbation(
            name="fgsm",
            title="FGSM attack",
            compute=attacks.fgsm,
            unit=BRIGHTNESS,
            maximum=0.5,
            default=0.2,
            step=0.01,
            measured=_ATTACKED,
            needs_model=True,
            photograph_share=0.1,
            paper="https://arxiv.org/abs/1412.6572",
        ),
        Perturbation(
            name="pgd",
            title="PGD attack",
            compute=attacks.pgd,
            unit=BRIGHTNESS,
            maximum=0.3,
            default=0.2,
            step=0.01,
            measured=_ATTACKED,
            needs_model=True,
            is_search=True,
            photograph_share=0.1,
            options=(Option("steps", "Steps", "More of them find worse pictures.", 10, 1, 40, 1),),
            paper="https://arxiv.org/abs/1706.06083",
        ),
    )
}


def get(name: str) -> Perturbation:
    """Return the row of a change.

    Raises:
        UnknownNameError: There is no such change.
    """
    if name not in PERTURBATIONS:
        raise UnknownNameError(
            f"There is no change {name!r}. Choose one of: {', '.join(PERTURBATIONS)}."
        )
    return PERTURBATIONS[name]
