"""The only file that imports tf_keras_vis: its classes by name, without its warnings."""

from __future__ import annotations

import threading
import warnings
from functools import cache
from typing import Any

from cnn_core.compatibility import with_cam_weights

_import_lock = threading.Lock()


@cache
def visualization(name: str) -> Any:
    """Return a class of tf-keras-vis.

    Args:
        name: Name of the class, such as "Saliency", "ActivationMaximization" or "TotalVariation2D".
    """
    # catch_warnings changes what all threads see; two at once would leave the filter in place.
    with _import_lock, warnings.catch_warnings():
        # It still imports SciPy's old namespace `ndimage.interpolation`.
        warnings.simplefilter("ignore", DeprecationWarning)
        from tf_keras_vis import (
            activation_maximization,
            gradcam,
            gradcam_plus_plus,
            layercam,
            saliency,
            scorecam,
        )
        from tf_keras_vis.activation_maximization import regularizers
    homes = (
        *(saliency, gradcam, gradcam_plus_plus, layercam, scorecam),
        *(activation_maximization, regularizers),
    )
    return next(getattr(home, name) for home in homes if hasattr(home, name))


@cache
def traceable_cam(name: str) -> Any:
    """Return a gradient CAM of tf-keras-vis that can be traced: its last step is TensorFlow.

    Args:
        name: "Gradcam", "GradcamPlusPlus" or "Layercam".
    """
    if name == "GradcamPlusPlus":  # its own last step can be traced
        return visualization(name)
    import tensorflow as tf

    def weigh(_: Any, gradients: Any, maps: Any, modify: Any, rectify: Any) -> Any:
        if name == "Gradcam":
            gradients = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        else:
            gradients = modify(gradients)
        return rectify(tf.reduce_sum(maps * gradients, axis=-1))

    return with_cam_weights(visualization(name), weigh)
