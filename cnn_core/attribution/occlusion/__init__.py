"""Occlusion sensitivity, and the engine that computes only what each patch changes.

    image, patch at n positions                 baseline picture
            |                                          |
            v                                          v
    layer_chain    the network cut into stages, each ending at a stride
            |
            v
    intervals      which rows and columns of every feature map a patch can change
            |
            v
    schedule       blocks of changes, sorted so that blocks of one shape go together (chunks)
            |
            v        stage 1                 stage 2                      first dense layer
    propagation    +-----------+           +------+
                   |..XXXX.....|  conv     |..XX..|  pooling  ->  flatten  ->  dense_layer
                   |..XXXX.....|  relu     |..XX..|               only the units that changed
                   +-----------+           +------+
            |       X: block of changes, .: untouched, never computed again
            v
    incremental    logits of the untouched picture + change = logits at every position

A change goes through a linear step (convolution, average, padding, scale) without its
surroundings: conv(base + change) - conv(base) = conv(change). At an activation or a maximum the
untouched map is added first and taken off behind. So nothing is approximated: the logits are those
of whole covered pictures but for rounding. `sensitivity` asks the engine for a chain of layers,
and runs whole pictures for networks that branch.
"""

from cnn_core.attribution.occlusion.sensitivity import (
    FILLS,
    UNITS,
    OcclusionMap,
    occlusion,
    occlusion_sensitivity,
)

__all__ = ["FILLS", "UNITS", "OcclusionMap", "occlusion", "occlusion_sensitivity"]
