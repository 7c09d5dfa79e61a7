"""What the one-factor experiments found: our best point, its lead, whether the source agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from cnn_core.studies.experiments import ExperimentResult
from cnn_core.studies.experiments.table import Experiment

CONFIDENCE = 0.95
# A range test's loss is that of one batch: its lowest place is looked for in running means.
SMOOTHING = 9

Verdict = Literal["agrees", "disagrees", "within the noise", "no claim"]


@dataclass(frozen=True)
class Conclusion:
    """Finding of an experiment.

    Attributes:
        best: The label of the point with the best mean; of a range test, how many of the source's
            rates fit.
        means: Mean of the measure after the last epoch for each point; of a range test, the rate of
            the lowest loss (geometric mean).
        deviations: Their standard deviations over the seeds; of a range test, in decades.
        verdict: True if it agrees with the source, see conclude().
        sentence: The figures behind the verdict.
    """

    best: str
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class RateFinding:
    """Rate with the lowest loss of a range test, beside the rate that the source read off.

    Attributes:
        label: Label of the point.
        published: The source's best rate.
        lowest: The rate of the lowest smoothed loss, for each seed.
        verdict: True if the source's rate lies in the decade below, see conclude().
    """

    label: str
    published: float
    lowest: tuple[float, ...]
    verdict: Verdict

    @property
    def mean(self) -> float:
        """The geometric mean of the lowest rates."""
        return float(10 ** np.log10(self.lowest).mean())


def conclude(result: ExperimentResult) -> Conclusion:
    """Compare an experiment with its source.

    The point that the source chose is set against the best of the others. Each seed gives one
    difference of the two, since it gives all points the same digits. If their mean is farther from
    0 than noise(), the experiment agrees or disagrees; else the difference is within the noise. If
    the source names no point, the best one is set against the second, and a difference beyond the
    noise is "no claim". Of many points the best of the others is also the luckiest.

    A range test agrees with a rate if it lies within the decade below the rate of the lowest loss,
    where a rate is usually chosen, by all of a 95% interval over the seeds. It agrees with the
    source if it agrees with every rate, and disagrees if it disagrees with one.
    """
    if result.experiment.kind == "range_test":
        return _conclude_rates(result)
    experiment, values = result.experiment, last_values(result)
    sign = 1 if experiment.measure == "val_accuracy" else -1
    order = np.argsort(-sign * values.mean(axis=1), kind="stable")
    best = experiment.labels[order[0]]
    claimed = experiment.labels.index(experiment.published_best or best)
    rival = int(next(index for index in order if index != claimed))
    leads = sign * (values[claimed] - values[rival])
    verdict: Verdict = "within the noise"
    if leads.mean() > noise(leads):
        verdict = "agrees" if experiment.published_best else "no claim"
    elif leads.mean() < -noise(leads):
        verdict = "disagrees"
    return Conclusion(
        best=best,
        means=tuple(values.mean(axis=1).tolist()),
        deviations=tuple(values.std(axis=1, ddof=1).tolist()),
        verdict=verdict,
        sentence=_sentence(experiment, values, claimed, rival),
    )


def last_values(result: ExperimentResult) -> np.ndarray:
    """Return the measure after the last epoch, (points, seeds)."""
    measure = result.experiment.measure
    return np.array([[history[measure][-1] for history in run.histories] for run in result.runs])


def noise(differences: np.ndarray) -> float:
    """Return how far from 0 the mean of some differences may lie by chance.

    Args:
        differences: (n,), one a seed, n at least 2.

    Returns:
        The half width of the 95% interval of their mean, by Student's t.

    Raises:
        ValueError: There are fewer than two differences.
    """
    count = len(differences)
    if count < 2:
        raise ValueError(f"Expected at least two differences. Received: differences={differences}")
    quantile = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2))
    return quantile * float(differences.std(ddof=1)) / count**0.5


def rate_findings(result: ExperimentResult) -> tuple[RateFinding, ...]:
    """Find the rate with the lowest loss at each point, and compare with the source."""
    findings = []
    for point, run in zip(result.experiment.points, result.runs, strict=True):
        lowest = [
            history["rate"][int(smooth(history["loss"]).argmin())] for history in run.histories
        ]
        published = float(point.training["learning_rate"])
        decades = np.log10(np.array(lowest) / published)
        low, high = (float(decades.mean()) + side * noise(decades) for side in (-1, 1))
        verdict: Verdict = "within the noise"
        if low >= 0 and high <= 1:
            verdict = "agrees"
        elif high < 0 or low > 1:
            verdict = "disagrees"
        findings.append(RateFinding(run.label, published, tuple(lowest), verdict))
    return tuple(findings)


def smooth(losses: list[float]) -> np.ndarray:
    """Running geometric means over SMOOTHING steps, as many as there are losses.

    Geometric, since a loss that explodes would outweigh all others of its window.
    """
    logs = np.pad(np.log(losses), SMOOTHING // 2, mode="edge")
    return np.exp(np.convolve(logs, np.full(SMOOTHING, 1 / SMOOTHING), mode="valid"))


def _sentence(experiment: Experiment, values: np.ndarray, claimed: int, rival: int) -> str:
    is_accuracy = experiment.measure == "val_accuracy"
    factor, unit, digits = (100, "%", 2) if is_accuracy else (1, "", 3)
    figures = [
        f"{factor * row.mean():.{digits}f}{unit} ± {factor * row.std(ddof=1):.{digits}f}"
        for row in (values[claimed], values[rival])
    ]
    name = "Validation accuracy" if is_accuracy else "Validation loss"
    differences = factor * (values[claimed] - values[rival])
    apart, chance = abs(differences.mean()), noise(differences)
    points = " points" if is_accuracy else ""
    return (
        f"{name}: {figures[0]} for {experiment.labels[claimed]}, {figures[1]} for "
        f"{experiment.labels[rival]}, the best of the others. They are {apart:.{digits}f}{points} "
        f"apart; up to {chance:.{digits}f} may be chance."
    )


def _conclude_rates(result: ExperimentResult) -> Conclusion:
    findings = rate_findings(result)
    verdicts = {finding.verdict for finding in findings}
    # The worst of them: one rate that does not fit is a disagreement.
    order: tuple[Verdict, ...] = ("disagrees", "within the noise", "agrees")
    listed = ", ".join(f"{each.label} {each.mean:.2g} ({each.published:g})" for each in findings)
    fitting = sum(finding.verdict == "agrees" for finding in findings)
    logs = np.log10([finding.lowest for finding in findings])
    return Conclusion(
        best=f"{fitting} of {len(findings)} rates fit",
        means=tuple(finding.mean for finding in findings),
        deviations=tuple(logs.std(axis=1, ddof=1).tolist()),
        verdict=next(each for each in order if each in verdicts),
        sentence=f"The loss is lowest at these rates, the published ones in brackets: {listed}.",
    )
