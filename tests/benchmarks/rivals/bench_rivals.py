"""Occlusion of one digit by four tools, side by side: see ../README.md for the environment.

`python tests/benchmarks/rivals/bench_rivals.py [--rounds 5]`, on the weights of `study`, a 4x4
black patch moved by 1 (625 positions), float32. Captum runs a PyTorch twin with the same weights,
which is compared with the network first; Xplique and tf-explain run the network itself; each with
the batch size of those tried that suits it best. tf-explain knows no stride but the patch's own
side and no patch but a grey one: its 49 positions are timed, and 625 of them reckoned from that,
which is unfair to it as far as its fixed cost goes.
Target: ours at least 8 times as fast as each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import captum.attr
import keras
import numpy as np
import torch
import xplique.attributions
from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import machine, seconds

from cnn_core import datasets, inference, models
from cnn_core.attribution.occlusion import occlusion_sensitivity

PATCH_SIZE = 4
BATCH_SIZES = (32, 64, 128, 256, 625)
POSITIONS = 625


class Twin(torch.nn.Module):
    """`study` in PyTorch."""

    def __init__(self, weights: list[np.ndarray]) -> None:
        super().__init__()
        kernels = [torch.from_numpy(np.array(w)) for w in weights]
        self.kernels = [kernels[i].permute(3, 2, 0, 1).contiguous() for i in (0, 2)]
        # PyTorch flattens channels first, Keras last.
        dense = kernels[4].reshape(12, 12, 64, 128).permute(3, 2, 0, 1).reshape(128, -1)
        self.dense = [dense.contiguous(), kernels[6].T.contiguous()]
        self.biases = [kernels[i] for i in (1, 3, 5, 7)]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of (n, 1, 28, 28)."""
        x = torch.relu(torch.nn.functional.conv2d(images, self.kernels[0], self.biases[0]))
        x = torch.relu(torch.nn.functional.conv2d(x, self.kernels[1], self.biases[1]))
        x = torch.nn.functional.max_pool2d(x, 2).flatten(1)
        x = torch.relu(torch.nn.functional.linear(x, self.dense[0], self.biases[2]))
        return torch.nn.functional.linear(x, self.dense[1], self.biases[3])


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description="Occlusion by four tools, side by side.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--digits", type=int, default=3)
    arguments = parser.parse_args()
    print(machine(), f"PyTorch {torch.__version__}", sep=", ")
    model = models.load_pretrained("study")
    twin = Twin(model.get_weights())
    torch.set_grad_enabled(False)
    keras.config.disable_interactive_logging()  # tf-explain's predict would draw its bars
    digits = datasets.load("mnist", split="test").images[1 : 1 + arguments.digits]
    ratios: dict[str, list[np.ndarray]] = {}
    for digit in digits:
        ways = ways_for(model, twin, digit)
        agree(model, twin, digit)
        seconds(ways, rounds=1)  # compiles
        taken = seconds(ways, arguments.rounds)
        ours = taken["ours"]
        for name, values in taken.items():
            scale = POSITIONS / 49 if name.startswith("tf-explain") else 1
            ratios.setdefault(name, []).append(
                np.stack([1000 * scale * values, scale * values / ours])
            )
    for name, found in ratios.items():
        middle = np.median(np.concatenate(found, axis=1), axis=1)
        print(f"{name:<34}{middle[0]:>9.1f} ms{middle[1]:>8.1f} times ours")
    for tool in ("Captum", "Xplique", "tf-explain", "model.predict"):
        best = min(
            float(np.median(np.concatenate(found, axis=1)[1]))
            for name, found in ratios.items()
            if name.startswith(tool)
        )
        print(f"{tool}: {best:.1f} times as long as ours at its best batch size")


def ways_for(model: object, twin: Twin, digit: np.ndarray) -> dict[str, Callable[[], object]]:
    """Each tool's map of a digit for its own answer."""
    target = int(inference.logits(model, digit).argmax())
    tensor = torch.from_numpy(digit[None].transpose(0, 3, 1, 2).copy())
    captums = captum.attr.Occlusion(twin)
    one_hot = np.eye(10, dtype=np.float32)[[target]]
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: occlusion_sensitivity(model, digit, PATCH_SIZE, 1).logits
    }
    for size in BATCH_SIZES:
        ways[f"Captum, batches of {size}"] = lambda size=size: captums.attribute(
            tensor,
            sliding_window_shapes=(1, PATCH_SIZE, PATCH_SIZE),
            strides=(1, 1, 1),
            target=target,
            perturbations_per_eval=size,
        )
        tool = xplique.attributions.Occlusion(
            model, batch_size=size, patch_size=PATCH_SIZE, patch_stride=1, occlusion_value=0.0
        )
        ways[f"Xplique, batches of {size}"] = lambda tool=tool: tool(digit[None], one_hot)
        explainer = OcclusionSensitivity(batch_size=size)
        ways[f"tf-explain, batches of {size}"] = lambda explainer=explainer: (
            explainer.get_sensitivity_map(model, digit, target, PATCH_SIZE)
        )
        ways[f"model.predict, batches of {size}"] = lambda size=size: model.predict(
            covered(digit), batch_size=size, verbose=0
        )
    return ways


def covered(digit: np.ndarray) -> np.ndarray:
    """The digit with the patch at every position."""
    images = np.repeat(digit[None], POSITIONS, axis=0)
    for image, (top, left) in zip(images, np.ndindex(25, 25), strict=True):
        image[top : top + PATCH_SIZE, left : left + PATCH_SIZE] = 0
    return images


def agree(model: object, twin: Twin, digit: np.ndarray) -> None:
    """Stop unless the twin answers as the network does."""
    images = covered(digit)[::25]
    expected = inference.logits(model, images)
    found = twin(torch.from_numpy(images.transpose(0, 3, 1, 2).copy())).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


if __name__ == "__main__":
    main()
