"""Can a map be believed? Three tests, none of which needs to know how the map was made.

ground         ground_of(): what a deleted pixel turns into, and which pixels count
erasure        erasure_test(): does the answer rest on the pixels that the map ranks first?
agreement      rank_correlation(), stability(): does it hold still under small noise?
randomisation  randomised(), cascade(): does it change when what the network learnt is gone?
"""

from __future__ import annotations

from cnn_core.faithfulness.agreement import (
    MapMaker,
    mean_correlation,
    noisy_copies,
    rank_correlation,
    stability,
)
from cnn_core.faithfulness.erasure import (
    Curves,
    ErasureTest,
    erasure_test,
    order_of,
    snapshots,
    without,
)
from cnn_core.faithfulness.ground import Ground, ground_of
from cnn_core.faithfulness.randomisation import (
    Verdict,
    cascade,
    randomised,
    similarity,
    stages,
    verdict,
)

__all__ = [
    "Curves",
    "ErasureTest",
    "Ground",
    "MapMaker",
    "Verdict",
    "cascade",
    "erasure_test",
    "ground_of",
    "mean_correlation",
    "noisy_copies",
    "order_of",
    "randomised",
    "rank_correlation",
    "similarity",
    "snapshots",
    "stability",
    "stages",
    "verdict",
    "without",
]
