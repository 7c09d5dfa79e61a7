"""Networks compiled in the background on first use."""

from __future__ import annotations

import logging
import threading

from cnn_core import models
from dashboard.cache import explanations
from dashboard.cache.weights_key import weights_hash

_log = logging.getLogger(__name__)
_compiled: dict[tuple[str, str], threading.Event] = {}  # one for each network that was chosen
_compiled_lock = threading.Lock()


def is_compiled(model_name: str) -> bool:
    """Return True if a network answers and explains at once; else start compiling the network.

    The first one to ask starts that in the background; everybody else goes on meanwhile.
    """
    return _compiling(model_name).is_set()


def wait_until_compiled(model_name: str) -> None:
    """Return when a network answers and explains at once."""
    _compiling(model_name).wait()


def _compiling(model_name: str) -> threading.Event:
    key = model_name, weights_hash(model_name)
    with _compiled_lock:
        if key not in _compiled:
            for old in [each for each in _compiled if each[0] == model_name]:
                del _compiled[old]
            _compiled[key] = threading.Event()
            # Not a daemon: to be cut off inside TensorFlow would crash the process on its way out.
            threading.Thread(
                target=_compile, args=(model_name, _compiled[key]), daemon=False
            ).start()
        return _compiled[key]


def _compile(model_name: str, done: threading.Event) -> None:
    """Do once, on a picture of noise, what a visitor would otherwise wait for."""
    try:
        image = models.golden_images(models.get(model_name).input_shape)[0]
        answer = int(explanations.prediction(model_name, image).classes[0])
        explanations.explanation(model_name, image, "gradient_saliency", answer)
        patch_size, stride, fill = explanations.live_patch(model_name)
        # An odd patch lies otherwise over the poolings than an even one, so it is compiled apart.
        for size in {patch_size, patch_size - 1, min(image.shape[:2]) // 7}:
            explanations.occlusion_map(model_name, image, size, 2 * stride, fill)
    except Exception:  # the page meets the same and says it; here it must not end in silence
        _log.exception("The network %s could not be compiled", model_name)
    finally:
        done.set()
