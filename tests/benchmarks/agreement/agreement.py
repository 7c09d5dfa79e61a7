"""Do other libraries draw the same maps? `python tests/benchmarks/agreement/agreement.py`.

Captum explains a PyTorch twin of each network, with copied weights; Xplique, if it is installed,
the Keras network itself. Prints, for each method, the smallest and the median cosine between the
maps over some test digits. Target: above 0.999. Ends with 1 if a method misses it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import captum.attr
import keras
import numpy as np
import torch
from scipy.ndimage import zoom
from torch import nn

from cnn_core import datasets, inference, models
from cnn_core.attribution import default_layer, explain

TARGET = 0.999
Maps = Callable[[np.ndarray, int], np.ndarray]


class ChannelsLast(nn.Module):
    """Flattens as Keras does: (n, channels, rows, columns) -> rows, columns, channels."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.permute(0, 2, 3, 1).flatten(1)


def twin(model: keras.Model) -> nn.Sequential:
    """The same network in PyTorch; its modules bear the names of the Keras layers."""
    network = nn.Sequential()
    for layer in model.layers:
        for name, module in _modules(layer):
            network.add_module(name, module)
    return network.eval()


def _modules(layer: keras.Layer) -> Iterator[tuple[str, nn.Module]]:
    kind = type(layer).__name__
    if kind in ("InputLayer", "Dropout"):
        return
    if kind in ("Conv2D", "Dense"):
        kernel = layer.kernel.numpy()
        module: nn.Module
        if kind == "Conv2D":
            module = nn.Conv2d(*kernel.shape[2:], kernel.shape[:2], stride=layer.strides)
            kernel = kernel.transpose(3, 2, 0, 1)
        else:
            module = nn.Linear(*kernel.shape)
            kernel = kernel.T
        module.weight.data = torch.tensor(kernel)
        module.bias.data = torch.tensor(layer.bias.numpy())
        is_bent = layer.activation.__name__ == "relu"
        yield f"{layer.name}_sum" if is_bent else layer.name, module
        if is_bent:
            yield layer.name, nn.ReLU()
    elif kind in ("MaxPooling2D", "AveragePooling2D"):
        pooling = nn.MaxPool2d if kind == "MaxPooling2D" else nn.AvgPool2d
        yield layer.name, pooling(layer.pool_size, layer.strides)
    elif kind == "Flatten":
        yield layer.name, ChannelsLast()
    else:
        raise ValueError(f"Expected a layer that the twin can have. Received: {kind}")


def size(maps: Maps) -> Maps:
    """The same maps without their sign."""
    return lambda image, target: np.abs(maps(image, target))


def enlarged(cam: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A layer's map in the size of the image; the libraries differ in how they enlarge one."""
    sides = [wanted / had for wanted, had in zip(image.shape[:2], cam.shape, strict=True)]
    large: np.ndarray = zoom(cam, sides, order=1)
    return large


def of_captum(model: keras.Model, steps: int) -> dict[str, tuple[dict[str, Any], Maps]]:
    """For each of our methods its settings, and what Captum makes of an image and a class."""
    network, attr = twin(model), captum.attr
    layer = getattr(network, default_layer(model))

    def at_image(method: Any, /, **options: Any) -> Maps:
        def run(image: np.ndarray, target: int) -> np.ndarray:
            pixels = torch.tensor(image.transpose(2, 0, 1)[None], requires_grad=True)
            found = method.attribute(pixels, target=target, **options)
            return found.detach().numpy()[0, 0]

        return run

    def at_layer(method: Any, /, *, is_summed: bool = False, **options: Any) -> Maps:
        def run(image: np.ndarray, target: int) -> np.ndarray:
            pixels = torch.tensor(image.transpose(2, 0, 1)[None], requires_grad=True)
            found = method.attribute(pixels, target=target, **options)
            if is_summed:
                found = found.sum(dim=1, keepdim=True).clamp(min=0)
            return enlarged(found.detach().numpy()[0, 0], image)

        return run

    cam = at_layer(attr.LayerGradCam(network, layer), relu_attributions=True)
    guided = size(at_image(attr.GuidedBackprop(network)))
    window = {"sliding_window_shapes": (1, 4, 4), "strides": (1, 1, 1)}
    many = {"n_steps": steps, "method": "riemann_middle", "baselines": 0}
    return {
        "gradient_saliency": ({}, at_image(attr.Saliency(network))),
        "input_x_gradient": ({}, at_image(attr.InputXGradient(network))),
        "integrated_gradients": (
            {"steps": steps},
            at_image(attr.IntegratedGradients(network), **many),
        ),
        "occlusion": (
            {"patch_size": 4, "stride": 1},
            at_image(attr.Occlusion(network), **window, perturbations_per_eval=125),
        ),
        "grad_cam": ({}, cam),
        "hires_cam": (
            {},
            at_layer(attr.LayerGradientXActivation(network, layer), is_summed=True),
        ),
        "guided_backprop": ({}, guided),
        "deconvolution": ({}, size(at_image(attr.Deconvolution(network)))),
        "guided_grad_cam": ({}, lambda *asked: cam(*asked) * guided(*asked)),
        "deep_lift": ({}, at_image(attr.DeepLift(network), baselines=0)),
    }


def of_xplique(model: keras.Model, steps: int) -> dict[str, tuple[dict[str, Any], Maps]]:
    """For each of our methods its settings, and what Xplique makes of an image and a class."""
    from xplique import attributions

    classes = model.output_shape[-1]

    def maps(name: str, **options: Any) -> Maps:
        method = getattr(attributions, name)(model, **options)

        def run(image: np.ndarray, target: int) -> np.ndarray:
            asked = np.eye(classes, dtype=np.float32)[[target]]
            return np.squeeze(np.array(method(image[None], asked)))

        return run

    def cam(image: np.ndarray, target: int) -> np.ndarray:
        # What GradCAM.explain does before it enlarges the map with cubic curves.
        asked = np.eye(classes, dtype=np.float32)[[target]]
        maps, slopes = grad_cam._gradient(image[None], asked)
        found = grad_cam._apply_weights(grad_cam._compute_weights(slopes, maps), maps)
        return enlarged(np.array(found)[0], image)

    def covering(image: np.ndarray, target: int) -> np.ndarray:
        # It adds up the patches that cover a pixel; their mean is wanted.
        rows, columns = (np.convolve(np.ones(side - 3), np.ones(4)) for side in image.shape[:2])
        return patches(image, target) / np.outer(rows, columns)

    grad_cam = attributions.GradCAM(model, conv_layer=default_layer(model))
    patches = maps("Occlusion", patch_size=4, patch_stride=1)
    return {
        "gradient_saliency": ({}, maps("Saliency")),
        "input_x_gradient": ({}, maps("GradientInput")),
        "integrated_gradients": ({"steps": steps}, maps("IntegratedGradients", steps=steps)),
        "occlusion": ({"patch_size": 4, "stride": 1}, covering),
        "grad_cam": ({}, cam),
        "guided_backprop": ({}, size(maps("GuidedBackprop"))),
        "deconvolution": ({}, size(maps("DeconvNet"))),
    }


def cosine(one: np.ndarray, other: np.ndarray) -> float | None:
    """The cosine between two maps; None if both are 0 everywhere, as Grad-CAM may be."""
    if not one.any() and not other.any():
        return None
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return float((one * other).sum() / lengths) if lengths else 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Do other libraries draw the same maps?")
    parser.add_argument("--digits", type=int, default=20)
    parser.add_argument("--steps", type=int, default=128, help="of integrated gradients")
    parser.add_argument("--models", nargs="+", default=["study", "first_cnn"])
    arguments = parser.parse_args()
    images = datasets.load("mnist", split="test").images[: arguments.digits]
    libraries = {"Captum": of_captum}
    if find_spec("xplique"):
        libraries["Xplique"] = of_xplique
    else:
        print("Xplique is not installed and left out.")
    misses = 0
    for name in arguments.models:
        model = models.load_pretrained(name)
        answers = inference.predict(model, images).classes.tolist()
        ours = inference.logits(model, images)
        theirs = twin(model)(torch.tensor(images.transpose(0, 3, 1, 2))).detach().numpy()
        print(f"\n{name}: logits of the twin differ by at most {np.abs(ours - theirs).max():.1e}")
        print(f"{'':<24}{'library':<10}{'smallest':>12}{'median':>12}{'digits':>8}")
        for library, methods_of in libraries.items():
            for method, (options, maps) in methods_of(model, arguments.steps).items():
                found = [
                    cosine(
                        explain(model, image, target, method=method, **options).heatmap,
                        maps(image, target),
                    )
                    for image, target in zip(images, answers, strict=True)
                ]
                values = [value for value in found if value is not None]
                is_met = min(values) > TARGET
                misses += not is_met
                print(
                    f"{method:<24}{library:<10}{min(values):>12.6f}{np.median(values):>12.6f}"
                    f"{len(values):>8}{'' if is_met else '  below ' + str(TARGET)}"
                )
    sys.exit(bool(misses))


if __name__ == "__main__":
    main()
