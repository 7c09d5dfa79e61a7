"""What a method is and what it gives: the records behind METHODS and explain()."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnn_core.attribution.score import ClassScore
from cnn_core.inference import check_finite
from cnn_core.options import Option


@dataclass(frozen=True)
class Method:
    """One way to explain an answer.

    Attributes:
        group: Title of the family it belongs to, such as "Gradients".
        compute: (model, image, score, **settings) -> heatmap, or heatmap and logits of the image
            where the method has them; its docstring's first paragraphs are the help text.
        unit: Unit of the heatmap's values, unless an option says otherwise; see unit_of().
        is_signed: Values below 0 speak against the target; False: never below 0.
        paper: Address of its source.
        weakness: A sentence on what the map cannot tell or gets wrong.
        cost: Cost of one map, in passes through the network.
        fails_sanity_checks: Its map hardly changes when the weights are replaced by random ones.
        needs_conv_layer: Takes the feature maps of a layer.
        options: Settings of the method.
        random_part: Random part of a method with a seed; else empty.
        batch: (model, images, weights, **settings) -> heatmaps of many images at once, where that
            is faster than one after the other.
        baselines: Baselines of a method whose values add up to the score's rise over a baseline:
            (model, image, settings) -> the images (n, height, width, channels) whose mean score it
            is.
        passes_score_back: The values are meant to add up to the score; biases and the like take
            some of it.
        obstacle: (model) -> a sentence on why the method cannot explain it, or None.
    """

    name: str
    title: str
    group: str
    compute: Callable[..., np.ndarray | tuple[np.ndarray, np.ndarray | None]]
    unit: str
    is_signed: bool
    paper: str
    weakness: str
    cost: str
    fails_sanity_checks: bool = False
    needs_conv_layer: bool = False
    options: tuple[Option, ...] = ()
    random_part: str = ""
    batch: Callable[..., np.ndarray] | None = None
    baselines: Callable[[Any, np.ndarray, Mapping[str, Any]], np.ndarray] | None = None
    passes_score_back: bool = False
    obstacle: Callable[[Any], str | None] | None = None

    @property
    def help(self) -> str:
        """Help text: what the map shows and how to read the map."""
        return inspect.cleandoc(self.compute.__doc__ or "").split("\n\nReference:")[0]

    @property
    def needs_seed(self) -> bool:
        """True if the method draws random numbers."""
        return "seed" in inspect.signature(self.compute).parameters

    @property
    def needs_references(self) -> bool:
        """True if the method compares the image with others, such as training digits."""
        return "references" in inspect.signature(self.compute).parameters

    @property
    def needs_background(self) -> bool:
        """Whether the method treats ink on paper otherwise than a photograph."""
        return "background" in inspect.signature(self.compute).parameters

    def run(
        self, model: Any, image: np.ndarray, score: ClassScore, settings: Mapping[str, Any]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Compute the heatmap (height, width) of an image, and its logits if they fall out.

        Raises:
            DivergedNetworkError: The network gives NaN or infinite values.
        """
        found = self.compute(model, image, score, **settings)
        heatmap, logits = found if isinstance(found, tuple) else (found, None)
        return check_finite(np.asarray(heatmap, np.float32)), logits

    def options_for(self, side: int) -> tuple[Option, ...]:
        """Return the options, those of a patch in proportion to the pictures.

        Args:
            side: Shorter side of the pictures, in pixels.
        """
        sized: dict[str, dict[str, Any]] = {
            "patch_size": {"default": side // 7, "maximum": min(side // 2, 28)},
            "stride": {"default": max(1, side // 20)},
        }
        return tuple(replace(option, **sized.get(option.name, {})) for option in self.options)

    def unit_of(self, settings: Mapping[str, Any]) -> str:
        """Return the unit of the heatmap's values.

        Args:
            settings: A value for each option.
        """
        for option in self.options:
            if option.units:
                return option.units[option.choices.index(settings[option.name])]
        return self.unit


@dataclass(frozen=True)
class Attribution:
    """A heatmap and all that is needed to read it.

    Attributes:
        heatmap: (height, width) float32, raw, in its unit.
        method: The row of METHODS that made it.
        score: Score that is explained.
        layer: Layer whose feature maps were used, or None.
        unit: Unit of the heatmap's values.
        score_value: The score of the image itself, in logits.
        baseline_value: Baseline value of a method that is complete, the score of its baseline; else
            None.
    """

    heatmap: np.ndarray
    method: Method
    score: ClassScore
    layer: str | None
    unit: str
    score_value: float
    baseline_value: float | None = None

    @property
    def is_empty(self) -> bool:
        """True if every value is 0: the method found no evidence."""
        return not self.heatmap.any()

    @property
    def conserved_share(self) -> float | None:
        """Sum of the heatmap as a share of the score; 1 if nothing is lost or added on the way.

        None where a method does not pass the score back, or the score is 0.
        """
        if not self.method.passes_score_back or self.score_value == 0:
            return None
        return float(self.heatmap.sum(dtype=np.float64)) / self.score_value

    @property
    def convergence_delta(self) -> float | None:
        """Sum of the heatmap minus the score's rise over the baseline, in logits.

        0 is perfect. None where a method promises no sum.
        """
        if self.baseline_value is None:
            return None
        rise = self.score_value - self.baseline_value
        return float(self.heatmap.sum(dtype=np.float64)) - rise
