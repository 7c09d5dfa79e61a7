"""How long an occlusion map takes: `python tests/benchmarks/bench_occlusion.py [--rounds 5]`.

A 4x4 patch moved by 1 over a 28x28 digit makes 625 images. Compares occlusion_sensitivity with the
same network compiled and batched over all of them, and with model.predict, each with five batch
sizes. Every round takes each way once on each picture, making the covered images included, since a
map needs them. Black leaves the positions over empty paper out; white leaves none out.
Then: what share of the machine's float32 products the map uses, and where its time goes.
Target, on `study`: at least 4 times as fast as the compiled network at its best batch size, and 8
times as fast as model.predict at its best; on colour networks at least 3 times the former.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from timing import machine, seconds, table

from cnn_core import inference, models
from cnn_core.attribution.occlusion import occlusion_sensitivity
from cnn_core.attribution.occlusion.dense_layer import sharing
from cnn_core.attribution.occlusion.incremental import covered_logits
from cnn_core.attribution.occlusion.intervals import axis_plans
from cnn_core.attribution.occlusion.layer_chain import Chain, Step, chain_of
from cnn_core.attribution.occlusion.schedule import schedule
from cnn_core.datasets import load
from cnn_core.errors import MissingFileError

PATCH_SIZE = 4
BATCH_SIZES = (32, 64, 128, 256, 625)
COLOUR = ("course_cifar", "cifar_deep", "mini_vgg", "cifar_simple")


def positions(image: np.ndarray) -> np.ndarray:
    """(n, 2) the first row and column of every position."""
    height, width = image.shape[:2]
    return np.indices((height - PATCH_SIZE + 1, width - PATCH_SIZE + 1)).reshape(2, -1).T


def every_position(image: np.ndarray, level: float) -> np.ndarray:
    """The image with a patch of one level at each of its positions."""
    starts = positions(image)
    covered = np.repeat(image[None], len(starts), axis=0)
    for one, (top, left) in zip(covered, starts, strict=True):
        one[top : top + PATCH_SIZE, left : left + PATCH_SIZE] = level
    return covered


def ways_for(model: Any, image: np.ndarray, fill: str) -> dict[str, Callable[[], object]]:
    """The ways to make one map."""
    level = {"black": 0.0, "white": 1.0}[fill]
    compiled = inference._traced(model)

    def whole(size: int) -> Callable[[], object]:
        def run() -> object:
            covered = every_position(image, level)
            parts = [covered[i : i + size] for i in range(0, len(covered), size)]
            return [compiled(part).numpy() for part in parts]

        return run

    def predict(size: int) -> Callable[[], object]:
        return lambda: model.predict(every_position(image, level), batch_size=size, verbose=0)

    return {
        f"occlusion_sensitivity, {fill}": lambda: occlusion_sensitivity(
            model, image, PATCH_SIZE, 1, fill
        ),
        **{f"compiled, batches of {size}": whole(size) for size in BATCH_SIZES},
        **{f"model.predict, batches of {size}": predict(size) for size in BATCH_SIZES},
    }


def best_ratio(taken: dict[str, np.ndarray], way: str) -> float:
    """How many times faster the first way is than another one at its best batch size."""
    first = next(iter(taken.values()))
    rivals = [values for name, values in taken.items() if name.startswith(way)]
    return min(float(np.median(values / first)) for values in rivals)


def peak() -> float:
    """The machine's float32 products and sums a second, from one large product of matrices."""
    side = 2048
    matrix = tf.random.normal((side, side))
    multiply = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    multiply()
    taken = seconds({"": lambda: multiply().numpy()}, rounds=7)[""]
    return 2 * side**3 / float(taken.min())


def taps(step: Step, axis: int, came: Any, given: Any, ahead: Any) -> np.ndarray:
    """Products along one axis of a convolution, for each block; those with padding are left out.

    Args:
        step: the convolution.
        axis: 0 for rows, 1 for columns.
        came: places that come in, for each block.
        given: places that come out.
        ahead: places of padding before what comes in.
    """
    outputs = np.arange(np.max(given))[:, None, None]
    places = outputs * step.stride[axis] + np.arange(step.kernel[axis])[:, None] - ahead
    is_real = (places >= 0) & (places < came) & (outputs < given)
    return np.asarray(is_real.sum(axis=(0, 1)))


def operations(chain: Chain, starts: np.ndarray) -> tuple[int, int]:
    """Products and sums for all positions: of a map as it is made, and on whole images."""
    done = whole = 0
    for stage, pair in zip(chain.stages, axis_plans(chain, PATCH_SIZE), strict=True):
        for i, step in enumerate(stage.steps):
            if step.kind != "conv":
                continue
            of_blocks, of_maps = np.ones(len(starts), int), len(starts)
            for axis, (axis_plan, at) in enumerate(zip(pair, starts.T, strict=True)):
                ahead = np.array(
                    [padding_plan.pads[i][0] for padding_plan in axis_plan.padding_plans]
                )[axis_plan.padding_plan]
                of_blocks *= taps(
                    step, axis, axis_plan.lengths[i], axis_plan.lengths[i + 1], ahead
                )[at]
                sides = stage.shapes[i][axis], step.shape[axis], step.before[axis]
                of_maps *= int(taps(step, axis, *sides)[0])
            channels = 2 * int(np.prod(step.layer.kernel.shape[2:]))
            done += channels * int(of_blocks.sum())
            whole += channels * of_maps
    ends, dense = schedule(chain, starts, PATCH_SIZE).ends, 2 * int(chain.dense.units)
    done += dense * chain.places[2] * int(ends.size.prod(axis=1).sum())
    return done, whole + dense * int(np.prod(chain.places)) * len(starts)


def where_the_time_goes(model: Any, image: np.ndarray, products: float) -> None:
    """Print the parts of a map with a white patch, where no position is left out."""
    chain, starts, filling = chain_of(model), positions(image), np.ones_like(image)
    assert isinstance(chain, Chain)

    def arithmetic() -> None:
        found = schedule(chain, starts, PATCH_SIZE)
        sharing(chain, found.ends, found.num_rows)

    parts = {
        "all": lambda: occlusion_sensitivity(model, image, PATCH_SIZE, 1, "white"),
        "blocks": lambda: covered_logits(model, image, filling, starts, PATCH_SIZE),
        "few": lambda: covered_logits(model, image, filling, starts[:64], PATCH_SIZE),
        "arithmetic": arithmetic,
    }
    seconds(parts, rounds=2)
    taken = {name: 1000 * float(np.median(values)) for name, values in seconds(parts, 15).items()}
    each = (taken["blocks"] - taken["few"]) / (len(starts) - 64)
    fixed = max(taken["few"] - 64 * each, 0.0)
    done, whole = operations(chain, starts)
    share = done / (taken["all"] / 1000) / products
    print(
        f"  {done / 1e9:.2f} billion products and sums for {len(starts)} positions, "
        f"{whole / done:.1f} times fewer than on whole images; {share:.0%} of what "
        f"one large matrix product reaches here ({products / 1e9:.0f} billion a second)\n"
        f"  of {taken['all']:.1f} ms: {taken['arithmetic']:.1f} which places change, "
        f"{fixed:.1f} the untouched picture and other fixed cost, "
        f"{each * len(starts) - taken['arithmetic']:.1f} the blocks"
    )


def pictures(name: str, count: int) -> np.ndarray:
    """Test pictures, or noise where the data set is not on this machine."""
    spec = models.get(name)
    try:
        return load(spec.dataset, split="test").images[:count]
    except MissingFileError:
        return np.random.default_rng(0).random((count, *spec.input_shape), np.float32)


def compare(name: str, fill: str, *, rounds: int, count: int, products: float) -> None:
    """Print the table of one network and one fill."""
    model = models.load_pretrained(name) if models.is_trained(name) else models.build(name)
    images = pictures(name, count)
    seconds(ways_for(model, images[0], fill), rounds=1)  # compiles
    started = time.perf_counter()
    occlusion_sensitivity(model, images[0], PATCH_SIZE + 1, 1, fill)
    first = time.perf_counter() - started
    runs = [seconds(ways_for(model, image, fill), rounds) for image in images]
    taken = {way: np.concatenate([run[way] for run in runs]) for way in runs[0]}
    print(f"\n{name}, {fill} patch")
    print("\n".join(table(taken, next(iter(taken)))))
    print(
        f"  Times faster: {best_ratio(taken, 'compiled'):.1f} than compiled, "
        f"{best_ratio(taken, 'model.predict'):.1f} than model.predict, each at its best batch size"
        f"; the first map with another patch size took {1000 * first:.0f} ms"
    )
    if fill == "white":
        where_the_time_goes(model, images[0], products)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How long an occlusion map takes.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--models", nargs="+", default=["study", *COLOUR])
    arguments = parser.parse_args()
    print(machine())
    products = peak()
    for name in arguments.models:
        for fill in ("black", "white"):
            compare(
                name,
                fill,
                rounds=arguments.rounds,
                count=arguments.pictures,
                products=products,
            )


if __name__ == "__main__":
    main()
