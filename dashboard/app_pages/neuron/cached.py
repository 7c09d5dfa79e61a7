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
def layers(name: str) -> dict[str, int]:
    """How many neurons each layer that has any has, from the input on."""
    network = cache.model(name)
    return {layer: neurons.num_channels(network, layer) for layer in neurons.neuron_layers(network)}


@keyed_by_weights(st.cache_data, max_entries=128)
def kernel(name: str, layer: str, channel: int) -> Kernel | None:
    """The weights that make a neuron."""
    return neurons.kernel(cache.model(name), layer, channel)


@keyed_by_weights(st.cache_resource, max_entries=32)
def _test_reactions(name: str, layer: str) -> tuple[np.ndarray, np.ndarray]:
    split = cache.split(models.get(name).dataset, "test")
    chosen = datasets.sample_indices(len(split.labels), NUM_CLASS_IMAGES)
    images = split.images[chosen]
    return neurons.unit_activations(cache.model(name), layer, images), split.labels[chosen]


def responses_by_class(name: str, layer: str, channel: int) -> tuple[ClassResponse, ...]:
    """A neuron's reactions to a sample of test images, class by class."""
    reactions, labels = _test_reactions(name, layer)
    return neurons.responses_by_class(reactions[:, channel], labels)


def effect_sample(name: str) -> np.ndarray:
    """Which test images the effects on the classes are averaged over."""
    size = len(cache.test_answers(name).labels)
    return datasets.sample_indices(size, NUM_EFFECT_IMAGES, seed=1)


@keyed_by_weights(st.cache_data, max_entries=256)
def class_effects(name: str, layer: str, channel: int) -> np.ndarray:
    """What each logit loses on average when a neuron is switched off."""
    images = cache.split(models.get(name).dataset, "test").images[effect_sample(name)]
    return neurons.class_effects(cache.model(name), layer, channel, images)


@keyed_by_weights(st.cache_data, max_entries=256)
def direct_weights(name: str, layer: str, channel: int) -> np.ndarray | None:
    """A neuron's exact weight towards each class, where there is one."""
    return neurons.direct_weights(cache.model(name), layer, channel)


@keyed_by_weights(st.cache_data, max_entries=64)
def mean_activations(name: str, layer: str) -> np.ndarray:
    """The mean of each of a layer's neurons over the same test images and all places."""
    images = cache.split(models.get(name).dataset, "test").images[effect_sample(name)]
    return neurons.unit_activations(cache.model(name), layer, images, summary="mean").mean(axis=0)


@keyed_by_weights(st.cache_data, max_entries=256)
def ablated_logits(
    name: str, layer: str, channel: int, pixels: np.ndarray, level: float
) -> np.ndarray:
    """The logits (classes,) for one image with a neuron held at a level."""
    return neurons.ablated_logits(cache.model(name), layer, channel, pixels, level=level)[0]


@keyed_by_weights(st.cache_data, max_entries=64)
def maximised(name: str, layer: str, channel: int) -> Maximised:
    """The image that a neuron would like best."""
    return neurons.maximise(cache.model(name), layer, channel)


@lru_cache(maxsize=32)
def _index_name(name: str, _weights: str) -> str:
    size = datasets.get(models.get(name).dataset).split_sizes["train"]
    return disk_cache.name_of("strongest", cache.model(name), size)


def strongest_job(name: str) -> tuple[str, background_jobs.Work]:
    """The name of the job that finds the training images for every neuron, and the job.

    It shows at once what was found before and is kept on disk.
    """
    key = _index_name(name, weights_hash(name))
    if background_jobs.find(key) is None and (kept := disk_cache.find(key)) is not None:
        background_jobs.keep(key, kept)

    def work(progress: background_jobs.Progress) -> dict[str, np.ndarray]:
        network = cache.model(name)
        images = cache.split(models.get(name).dataset, "train").images
        return disk_cache.load_or_compute(
            key, lambda: neurons.top_images(network, images, progress=progress)
        )

    return key, work


@keyed_by_weights(st.cache_data, max_entries=64)
def strongest_patches(
    name: str, layer: str, channel: int, indices: tuple[int, ...]
) -> tuple[Patch, ...]:
    """Which part of each of some training images excites a neuron."""
    images = cache.split(models.get(name).dataset, "train").images[list(indices)]
    return neurons.top_patches(cache.model(name), layer, channel, images)


def accuracy_job(
    name: str, layer: str, channel: int, level: float
) -> tuple[str, background_jobs.Work]:
    """The name of the job that tests the network without a neuron, and the job."""

    def work(progress: background_jobs.Progress) -> McNemar:
        answers = cache.test_answers(name)
        images = cache.split(models.get(name).dataset, "test").images
        switched = neurons.ablated_logits(
            cache.model(name), layer, channel, images, level=level, progress=progress
        )
        return evaluation.mcnemar(answers.logits, switched, answers.labels)

    digest = weights_hash(name)
    return f"accuracy {name} {digest} {layer} {channel} {level}", work
