"""A network as a table: what each layer makes, costs and sees.

The tables of all networks are shipped, so that a page needs neither TensorFlow nor the half
gigabyte of VGG-16; `python -m cnn_core.architecture` writes them anew.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cnn_core import atomic_files, models
from cnn_core.activations import ReceptiveField, receptive_fields, source_layers
from cnn_core.errors import MissingFileError

if TYPE_CHECKING:
    import keras

Table = tuple["LayerSummary", ...]


@dataclass(frozen=True)
class LayerSummary:
    """One layer of a network.

    Attributes:
        name: Name of the layer, unique in its network.
        kind: The name of its class.
        settings: Settings that set the layer apart from others of its kind, for people: window,
            stride, padding, groups, activation, rate; empty if there is nothing to say.
        inputs: The names of the layers it takes; none for the input.
        output_shape: Shape of the output for one image: (height, width, channels), or (units,).
        num_parameters: All that it stores, the moving means of batch normalisation too.
        num_trainable: Those of them that training changes.
        multiply_adds: Multiplications, each with its addition, for one image, by the kernels of
            convolutions (connections that exist only) and dense layers. Biases, activations,
            poolings and normalisations are not counted and have 0.
        receptive_field: Part of the image that a unit sees, padding included; None where the units
            have no place any more and together see the whole image.
    """

    name: str
    kind: str
    settings: str
    inputs: tuple[str, ...]
    output_shape: tuple[int, ...]
    num_parameters: int
    num_trainable: int
    multiply_adds: int
    receptive_field: ReceptiveField | None

    @property
    def title(self) -> str:
        """The kind with its settings, such as "Conv2D 3×3, relu"."""
        has_window = self.settings[:1].isdigit()
        return f"{self.kind}{'' if has_window else ','} {self.settings}".rstrip(", ")


def describe(model: keras.Model) -> Table:
    """Return a summary of every layer, from the input on; each stands behind those it takes.

    Args:
        model: A Functional network; its weights do not matter.
    """
    fields = receptive_fields(model)
    return tuple(
        LayerSummary(
            name=layer.name,
            kind=type(layer).__name__,
            settings=_settings(layer),
            inputs=source_layers(layer),
            output_shape=tuple(layer.output.shape[1:]),
            num_parameters=_count(layer.weights),
            num_trainable=_count(layer.trainable_weights),
            multiply_adds=_multiply_adds(layer),
            receptive_field=fields.get(layer.name),
        )
        for layer in model.layers
    )


def _count(weights: Iterable[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _multiply_adds(layer: Any) -> int:
    """Count products: each number of the kernel is used once at each place of the output."""
    import keras

    if not isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
        return 0
    kernel, *_ = layer.weights
    return math.prod(layer.output.shape[1:-1]) * math.prod(kernel.shape)


def _settings(layer: Any) -> str:
    config = layer.get_config()
    window = config.get("kernel_size") or config.get("pool_size") or ()
    usual_strides = config.get("pool_size", (1, 1))
    strides = config.get("strides", (config.get("stride", 1),) * 2)
    dilation = config.get("dilation_rate", (1, 1))
    parts = (
        (bool(window), "×".join(map(str, window))),
        (strides != usual_strides, f"stride {_step(strides)}"),
        (config.get("padding") == "same" and math.prod(window) > 1, "same padding"),
        (dilation != (1, 1), f"dilation {_step(dilation)}"),
        (config.get("groups", 1) > 1, f"{config.get('groups')} groups"),
        (config.get("activation", "linear") != "linear", config.get("activation")),
        (config.get("negative_slope", 0) != 0, f"slope {config.get('negative_slope')}"),
        ("rate" in config, f"rate {config.get('rate')}"),
    )
    return ", ".join(text for is_said, text in parts if is_said)


def _step(steps: tuple[int, ...]) -> str:
    return str(steps[0]) if len(set(steps)) == 1 else "×".join(map(str, steps))


def load(name: str) -> Table:
    """Return the shipped table of any network, trained or not, without TensorFlow.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The shipped tables are absent or damaged, or do not hold this network.
    """
    name, path = models.architecture(name).name, tables_path()
    try:
        return msgspec.convert(json.loads(path.read_text("utf-8"))[name], tuple[LayerSummary, ...])
    except (OSError, ValueError, LookupError, TypeError, msgspec.MsgspecError) as error:
        raise MissingFileError(
            f"{path.name} is missing, damaged or older than the network {name!r}; restore it "
            "with `git checkout pretrained` or write it anew with "
            "`python -m cnn_core.architecture`."
        ) from error


def tables_path() -> Path:
    """Return the path of the shipped tables of all networks."""
    return models.PRETRAINED / "architectures.json"


def write() -> Path:
    """Build every network, one after another, and write the tables that are shipped.

    Returns:
        The path of the file.
    """
    path = tables_path()
    blocks = []
    for name in (*models.MODELS, *models.UNTRAINED):
        layers = describe(models.build(name))
        rows = ",\n  ".join(json.dumps(asdict(layer), ensure_ascii=False) for layer in layers)
        blocks.append(f" {json.dumps(name)}: [\n  {rows}\n ]")
        gc.collect()  # the largest ones hold half a gigabyte, in cycles of references
    atomic_files.write_text(path, "{\n" + ",\n".join(blocks) + "\n}\n")
    return path


def main() -> None:
    """Write the tables from the command line."""
    argparse.ArgumentParser(
        prog="python -m cnn_core.architecture",
        description="Build every network and write the table of its layers, which is shipped.",
    ).parse_args()
    sys.stderr.write(f"Wrote {write()}\n")


if __name__ == "__main__":
    main()
