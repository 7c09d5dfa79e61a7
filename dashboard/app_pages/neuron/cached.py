"""What the page of one neuron shows: computed once for all visitors."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from cnn_core import datasets, disk_cache, evaluation, models, neurons
from cnn_core.evaluation import McNemar
from cnn_core.neurons import ClassResponse, Kernel, Maximised, Patch
from dashboard import cache
from dashboard.cache import background_jobs
from dashboard.cache.weights_key import keyed_by_weights, weights_hash

NUM_CLASS_IMAGES, NUM_EFFECT_IMAGES = 1000, 200


@keyed_by_weights(st.cache_data, max_entries=32)
def layers(model_name: str) -> dict[str, int]:
    """Return the number of neurons of each layer that has any, from the input on."""
    network = cache.model(model_name)
    return {layer: neurons.num_channels(network, layer) for layer in neurons.neuron_layers(network)}


@keyed_by_weights(st.cache_data, max_entries=128)
def kernel(model_name: str, layer: str, channel: int) -> Kernel | None:
    """Return the weights that make a neuron."""
    return neurons.kernel(cache.model(model_name), layer, channel)


@keyed_by_weights(st.cache_resource, max_entries=32)
def _test_reactions(model_name: str, layer: str) -> tuple[np.ndarray, np.ndarray]:
    split = cache.split(models.get(model_name).dataset, "test")
    chosen = datasets.sample_indices(len(split.labels), NUM_CLASS_IMAGES)
    images = split.images[chosen]
    return neurons.unit_activations(cache.model(model_name), layer, images), split.labels[chosen]


def responses_by_class(model_name: str, layer: str, channel: int) -> tuple[ClassResponse, ...]:
    """Return a neuron's activations for a sample of test images, class by class."""
    reactions, labels = _test_reactions(model_name, layer)
    return neurons.responses_by_class(reactions[:, channel], labels)


def effect_sample(model_name: str) -> np.ndarray:
    """Return the test images over which the effects on the classes are averaged."""
    size = len(cache.test_answers(model_name).labels)
    return datasets.sample_indices(size, NUM_EFFECT_IMAGES, seed=1)


@keyed_by_weights(st.cache_data, max_entries=256)
def class_effects(model_name: str, layer: str, channel: int) -> np.ndarray:
    """Compute the mean fall of each logit when a neuron is switched off."""
    images = cache.split(models.get(model_name).dataset, "test").images[effect_sample(model_name)]
    return neurons.class_effects(cache.model(model_name), layer, channel, images)


@keyed_by_weights(st.cache_data, max_entries=256)
def direct_weights(model_name: str, layer: str, channel: int) -> np.ndarray | None:
    """Return a neuron's exact weight towards each class, where there is one."""
    return neurons.direct_weights(cache.model(model_name), layer, channel)


@keyed_by_weights(st.cache_data, max_entries=64)
def mean_activations(model_name: str, layer: str) -> np.ndarray:
    """Return the mean of each of a layer's neurons over the same test images and all places."""
    images = cache.split(models.get(model_name).dataset, "test").images[effect_sample(model_name)]
    return neurons.unit_activations(cache.model(model_name), layer, images, summary="mean").mean(
        axis=0
    )


@keyed_by_weights(st.cache_data, max_entries=256)
def ablated_logits(
    model_name: str, layer: str, channel: int, pixels: np.ndarray, level: float
) -> np.ndarray:
    """Return the logits (classes,) for one image with a neuron held at a level."""
    return neurons.ablated_logits(cache.model(model_name), layer, channel, pixels, level=level)[0]


@keyed_by_weights(st.cache_data, max_entries=64)
def maximised(model_name: str, layer: str, channel: int) -> Maximised:
    """Return the image that activates a neuron most."""
    return neurons.maximise(cache.model(model_name), layer, channel)


@lru_cache(maxsize=32)
def _index_name(model_name: str, _weights: str) -> str:
    size = datasets.get(models.get(model_name).dataset).split_sizes["train"]
    return disk_cache.name_of("strongest", cache.model(model_name), size)


def strongest_job(model_name: str) -> tuple[str, background_jobs.Work]:
    """Return the name of the job that finds the training images for every neuron, and the job.

    It shows at once what was found before and is kept on disk.
    """
    key = _index_name(model_name, weights_hash(model_name))
    if background_jobs.find(key) is None and (kept := disk_cache.find(key)) is not None:
        background_jobs.keep(key, kept)

    def work(progress: background_jobs.Progress) -> dict[str, np.ndarray]:
        network = cache.model(model_name)
        images = cache.split(models.get(model_name).dataset, "train").images
        return disk_cache.load_or_compute(
            key, lambda: neurons.top_images(network, images, progress=progress)
        )

    return key, work


@keyed_by_weights(st.cache_data, max_entries=64)
def strongest_patches(
    model_name: str, layer: str, channel: int, indices: tuple[int, ...]
) -> tuple[Patch, ...]:
    """Find the part of each of some training images that activates a neuron most."""
    images = cache.split(models.get(model_name).dataset, "train").images[list(indices)]
    return neurons.top_patches(cache.model(model_name), layer, channel, images)


def accuracy_job(
    model_name: str, layer: str, channel: int, level: float
) -> tuple[str, background_jobs.Work]:
    """Return the name of the job that tests the network without a neuron, and the job."""

    def work(progress: background_jobs.Progress) -> McNemar:
        answers = cache.test_answers(model_name)
        images = cache.split(models.get(model_name).dataset, "test").images
        switched = neurons.ablated_logits(
            cache.model(model_name), layer, channel, images, level=level, progress=progress
        )
        return evaluation.mcnemar(answers.logits, switched, answers.labels)

    digest = weights_hash(model_name)
    return f"accuracy {model_name} {digest} {layer} {channel} {level}", work
