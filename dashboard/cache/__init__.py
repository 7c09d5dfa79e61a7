"""Results that two pages or more share, once for all visitors; every cache is bounded.

Results are keyed by the network, its weights, the pixels and the settings, so visitors who ask the
same share one computation. What only one page shows is cached beside the page, in cached.py.
"""

from dashboard.cache.activations import (
    feature_maps,
    receptive_field,
    weight_statistics,
)
from dashboard.cache.compiling import (
    is_compiled,
    wait_until_compiled,
)
from dashboard.cache.explanations import (
    Options,
    explanation,
    live_patch,
    obstacles,
    occlusion_map,
    prediction,
)
from dashboard.cache.networks import (
    default_layer,
    layer_names,
    model,
)
from dashboard.cache.pictures import (
    AbsentPicturesError,
    download,
    references,
    split,
)
from dashboard.cache.records import (
    card,
    shipped_prediction,
    test_answers,
)
from dashboard.cache.robustness import robustness_study
from dashboard.cache.warm_up import (
    warm_up,
)

__all__ = [
    "AbsentPicturesError",
    "Options",
    "card",
    "default_layer",
    "download",
    "explanation",
    "feature_maps",
    "is_compiled",
    "layer_names",
    "live_patch",
    "model",
    "obstacles",
    "occlusion_map",
    "prediction",
    "receptive_field",
    "references",
    "robustness_study",
    "shipped_prediction",
    "split",
    "test_answers",
    "wait_until_compiled",
    "warm_up",
    "weight_statistics",
]
