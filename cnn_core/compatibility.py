"""What is taken of Keras's and tf-keras-vis's own insides, each in one function with its guard.

A release that changes one of these insides stops the function with a sentence that names it. The
tests of this module then say what to look at, before a page shows a wrong number.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

Value = TypeVar("Value")


def source_name(tensor: Any) -> str:
    """Return the name of the layer that made a symbolic tensor of a Functional network."""
    try:
        return str(tensor._keras_history.operation.name)
    except AttributeError:
        raise _changed("keras", "KerasTensor._keras_history.operation") from None


def mute_clear_session() -> None:
    """Let keras.backend.clear_session, which Streamlit calls after each run, do nothing.

    keras.utils.clear_session stays as it is.
    """
    import keras

    if not callable(getattr(keras.backend, "clear_session", None)):
        raise _changed("keras", "keras.backend.clear_session")
    keras.backend.clear_session = lambda *_: None


def replace_call(model: Any, call: Callable[[Any], Any]) -> None:
    """Let a Keras network compute by another function, such as a traced one of its own.

    Args:
        model: A Keras network, changed in place.
        call: (inputs) -> outputs, for inference; it is not told of training or masks.
    """
    if not callable(getattr(type(model), "call", None)):
        raise _changed("keras", "Model.call")
    model.call = lambda inputs, training=False, mask=None: call(inputs)


def attach(owner: Any, name: str, value: Value) -> Value:
    """Keep a value with an object, past its __setattr__, unless one is there; return what is kept.

    Keras would track what its __setattr__ sees, and a frozen record would refuse it.
    """
    attributes: MutableMapping[str, Any] = vars(owner)
    kept: Value = attributes.setdefault(name, value)
    return kept


def with_cam_weights(visualization: type, weigh: Callable[..., Any]) -> type:
    """Return a gradient CAM of tf-keras-vis whose last step is another.

    Args:
        visualization: Class of tf-keras-vis that computes a gradient CAM.
        weigh: (self, gradients, maps, modify, rectify) -> the maps (n, height, width).
    """
    if not callable(getattr(visualization, "_calculate_cam", None)):
        raise _changed("tf_keras_vis", f"{visualization.__name__}._calculate_cam")
    return type(visualization.__name__, (visualization,), {"_calculate_cam": weigh})


def _changed(package: str, inside: str) -> RuntimeError:
    import importlib

    version = getattr(importlib.import_module(package), "__version__", "of unknown version")
    return RuntimeError(
        f"{package} {version} has no {inside} as it was; cnn_core.compatibility must learn the "
        "new way, or constraints.txt must name an older release."
    )
