"""Occlusion sensitivity and its incremental engine."""

from cnn_core.attribution.occlusion.sensitivity import (
    FILLS,
    UNITS,
    OcclusionMap,
    occlusion,
    occlusion_sensitivity,
)

__all__ = ["FILLS", "UNITS", "OcclusionMap", "occlusion", "occlusion_sensitivity"]
