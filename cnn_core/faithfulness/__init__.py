"""Can a map be believed? Three tests, none of which needs to know how the map was made.

baseline         ground_of(): what a deleted pixel turns into, and which pixels count
erasure        erasure_test(): does the answer rest on the pixels that the map ranks first?
agreement      rank_correlation(), stability(): does it hold still under small noise?
randomisation  randomised(), cascade(): does it change when what the network learnt is gone?
"""

from __future__ import annotations

from cnn_core.faithfulness.baseline import Baseline, baseline_of
from cnn_core.faithfulness.deletion_insertion import (
    Curves,
    DeletionInsertionTest,
    delete_pixels,
    deletion_insertion_test,
    pixel_order,
    snapshots,
)
from cnn_core.faithfulness.randomisation import (
    Verdict,
    cascade,
    randomised,
    similarity,
    stages,
    verdict,
)
from cnn_core.faithfulness.stability import (
    MapMaker,
    mean_correlation,
    noisy_copies,
    rank_correlation,
    stability,
)

__all__ = [
    "Baseline",
    "Curves",
    "DeletionInsertionTest",
    "MapMaker",
    "Verdict",
    "baseline_of",
    "cascade",
    "delete_pixels",
    "deletion_insertion_test",
    "mean_correlation",
    "noisy_copies",
    "pixel_order",
    "randomised",
    "rank_correlation",
    "similarity",
    "snapshots",
    "stability",
    "stages",
    "verdict",
]
