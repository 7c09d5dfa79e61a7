"""A greedy search with a beam for the edit that reaches a goal, and what prunes its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.counterfactual.brush import Brush, Cell, Edit, painted
from cnn_core.counterfactual.edit_space import EditSpace
from cnn_core.counterfactual.goal import CLEAR, Goal

if TYPE_CHECKING:
    import keras

_BEAM = 4
_DABS_AFTER = 1  # the first flip: with one more dab there may be less ink
_PRUNED = 6


@dataclass(frozen=True, eq=False)
class Candidate:
    """An edit, the levels with it, and by how many logits it passes the goal or misses it."""

    edit: Edit
    levels: np.ndarray
    margin: float

    @property
    def is_found(self) -> bool:
        """True if the candidate reaches the goal."""
        return self.margin > CLEAR

    @property
    def num_dabs(self) -> int:
        """Of all its strokes."""
        return sum(len(line.cells) for line in self.edit)


def search(
    model: keras.Model, rules: EditSpace, goal: Goal, starts: list[tuple[Brush, Cell]]
) -> Candidate:
    """Look for the edit with the least change that reaches a goal within the rules.

    Args:
        model: A network whose last layer gives logits.
        rules: Rules for the edits.
        goal: Goal of the edits.
        starts: Places where strokes may start.

    Returns:
        It, or the one that came closest if there is none.
    """
    # By the number of dabs: a stroke may grow by several at once.
    waiting = {0: [Candidate((), rules.base, -np.inf)]}
    closest, found = waiting[0][0], list[Candidate]()
    known, count, last = set[bytes](), 0, np.inf
    while waiting and count <= last:
        beam = sorted(waiting.pop(count, ()), key=lambda each: -each.margin)[:_BEAM]
        for candidate in _grown(model, rules, goal, beam, starts, known):
            closest = max(closest, candidate, key=lambda each: each.margin)
            if candidate.is_found:
                found.append(candidate)
                last = min(last, candidate.num_dabs + _DABS_AFTER)
            else:
                waiting.setdefault(candidate.num_dabs, []).append(candidate)
        count += 1
    if not found:
        return closest
    found.sort(key=lambda each: rules.cost(each.levels))
    pruned = [_pruned(model, rules, goal, candidate) for candidate in found[:_PRUNED]]
    return min(pruned, key=lambda each: rules.cost(each.levels))


def _grown(
    model: keras.Model,
    rules: EditSpace,
    goal: Goal,
    beam: list[Candidate],
    starts: list[tuple[Brush, Cell]],
    known: set[bytes],
) -> list[Candidate]:
    """Return every edit that grows from one in the beam; the first of two that look the same."""
    edits = []
    for candidate in beam:
        for edit, levels in rules.longer(candidate.edit, candidate.levels, starts):
            key = levels.tobytes()
            if key not in known and rules.allow(levels):
                known.add(key)
                edits.append((edit, levels))
    return _judged(model, goal, edits)


def _pruned(model: keras.Model, rules: EditSpace, goal: Goal, candidate: Candidate) -> Candidate:
    """Take parts out until none is left whose absence would keep the goal."""
    while True:
        edits = [(edit, painted(rules.base, edit)) for edit in rules.shorter(candidate.edit)]
        edits = [(edit, levels) for edit, levels in edits if rules.allow(levels)]
        kept = [each for each in _judged(model, goal, edits) if each.is_found]
        if not kept:
            return candidate
        candidate = min(kept, key=lambda each: rules.cost(each.levels))


def _judged(
    model: keras.Model, goal: Goal, edits: list[tuple[Edit, np.ndarray]]
) -> list[Candidate]:
    if not edits:
        return []
    margins = goal.margins_of(model, np.stack([levels for _, levels in edits]))
    return [
        Candidate(edit, levels, float(margin))
        for (edit, levels), margin in zip(edits, margins, strict=True)
    ]
