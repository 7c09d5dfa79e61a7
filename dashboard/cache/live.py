"""What follows the hand: networks, answers and maps, each computed once for all visitors.

The keys hold the SHA-256 of the weights too, see weights.py. Streamlit's own cache would take a
millisecond to look something up, as long as the network takes to answer, and keeps a lock for every
key for ever.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.datasets import Background
from cnn_core.inference import Prediction
from dashboard import runtime
from dashboard.cache.once import Once
from dashboard.cache.weights import keyed_by_weights, weights_hash

if TYPE_CHECKING:
    import keras

    from cnn_core.attribution import Attribution
    from cnn_core.attribution.occlusion import OcclusionMap

Options = tuple[tuple[str, Any], ...]

_log = logging.getLogger(__name__)
_predictions: Once[Prediction] = Once(512)
_explanations: Once[Attribution] = Once(512)
_occlusion_maps: Once[OcclusionMap] = Once(128)
_compiled: dict[tuple[str, str], threading.Event] = {}  # one for each network that was chosen
_compiled_lock = threading.Lock()


# Room for all that ship: one that was thrown out would be compiled anew, while a visitor waits.
@keyed_by_weights(st.cache_resource, max_entries=32)
def model(name: str) -> keras.Model:
    """A network with its shipped weights, once for all visitors."""
    runtime.wait()
    return models.load_pretrained(name)


def background(name: str) -> Background:
    """The background of the pictures that a network takes."""
    return datasets.get(models.get(name).dataset).background


def prediction(name: str, pixels: np.ndarray) -> Prediction:
    """The answer to one image; one run of a page asks for it several times."""
    from cnn_core import inference

    def compute() -> Prediction:
        answer = inference.predict(model(name), pixels)
        _freeze(answer.logits, answer.probabilities)
        return answer

    return _predictions.get(_key(name, pixels), compute)


def explanation(
    name: str,
    pixels: np.ndarray,
    method: str,
    target: int,
    against: int | None = None,
    layer: str | None = None,
    options: Options = (),
) -> Attribution:
    """The heatmap of one method, read-only."""
    from cnn_core.attribution import explain
    from dashboard.cache.attributions import references_of

    def compute() -> Attribution:
        settings: dict[str, Any] = {"layer": layer, "references": references_of(name, method)}
        settings |= {"background": background(name), **dict(options)}
        found = explain(model(name), pixels, target, against=against, method=method, **settings)
        _freeze(found.heatmap)
        return found

    named = tuple((key, _as_key(value)) for key, value in options)
    asked = (method, target, against, layer, named)
    return _explanations.get((*_key(name, pixels), asked), compute)


def occlusion_map(
    name: str, pixels: np.ndarray, patch_size: int, stride: int, fill: str
) -> OcclusionMap:
    """The answers with a patch at every position, read-only."""
    from cnn_core.attribution.occlusion import occlusion_sensitivity

    def compute() -> OcclusionMap:
        found = occlusion_sensitivity(model(name), pixels, patch_size, stride, fill)
        _freeze(found.logits, found.base_logits, found.filling, found.tops, found.lefts)
        return found

    return _occlusion_maps.get((*_key(name, pixels), (patch_size, stride, fill)), compute)


def live_patch(name: str) -> tuple[int, int, str]:
    """Patch size, stride and fill of the occlusion map that follows the pen.

    Args:
        name: of the network.
    """
    scale = max(1, round(models.get(name).input_shape[1] / 28))
    # A black patch would draw on a photograph, on paper it is none.
    return 4 * scale, 2 * scale, "black" if background(name) == "paper" else "mean"


def is_compiled(name: str) -> bool:
    """Whether a network answers and explains at once; if not, it is being compiled now.

    The first one to ask starts that in the background; everybody else goes on meanwhile.
    """
    return _compiling(name).is_set()


def wait_until_compiled(name: str) -> None:
    """Return when a network answers and explains at once."""
    _compiling(name).wait()


def _compiling(name: str) -> threading.Event:
    key = name, weights_hash(name)
    with _compiled_lock:
        if key not in _compiled:
            for old in [each for each in _compiled if each[0] == name]:
                del _compiled[old]
            _compiled[key] = threading.Event()
            # Not a daemon: to be cut off inside TensorFlow would crash the process on its way out.
            threading.Thread(target=_compile, args=(name, _compiled[key]), daemon=False).start()
        return _compiled[key]


def _compile(name: str, done: threading.Event) -> None:
    """Do once, on a picture of noise, what a visitor would otherwise wait for."""
    try:
        image = models.golden_images(models.get(name).input_shape)[0]
        answer = int(prediction(name, image).classes[0])
        explanation(name, image, "gradient_saliency", answer)
        patch_size, stride, fill = live_patch(name)
        # An odd patch lies otherwise over the poolings than an even one, so it is compiled apart.
        for size in {patch_size, patch_size - 1, min(image.shape[:2]) // 7}:
            occlusion_map(name, image, size, 2 * stride, fill)
    except Exception:  # the page meets the same and says it; here it must not end in silence
        _log.exception("The network %s could not be compiled", name)
    finally:
        done.set()


def _key(name: str, pixels: np.ndarray) -> tuple[Any, ...]:
    return name, weights_hash(name), *_as_key(np.asarray(pixels, np.float32))


def _as_key(value: Any) -> Any:
    """What tells a setting from others: of a picture its shape and its bytes."""
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def _freeze(*arrays: np.ndarray) -> None:
    for array in arrays:
        array.flags.writeable = False
