"""The last features laid out flat, their neighbours, and the shelf that keeps them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from cnn_core import disk_cache, embedding, inference, models
from support.networks import linear, picture, small

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("study", "dense"),
        ("robust", "relu6"),
        ("report", "norm3"),
        ("ann", "dense2"),
        ("cifar_deep", "flatten"),
        ("resnet20", "mean"),
        ("lenet5", "f6"),
    ],
)
def test_features_are_what_the_last_dense_layer_takes(name: str, layer: str) -> None:
    assert embedding.feature_layer(models.build(name)) == layer


def test_the_features_and_the_dense_layer_give_the_logits(
    study: keras.Model, digit: np.ndarray
) -> None:
    told: list[float] = []
    found = embedding.features(study, np.stack([digit] * 300), progress=told.append)
    assert found.shape == (300, 128)
    assert told == [256 / 300, 1.0]
    kernel, bias = study.get_layer("logits").get_weights()
    np.testing.assert_allclose(
        found[0] @ kernel + bias, inference.logits(study, digit)[0], atol=1e-4
    )
    assert embedding.features(study, digit[None][:0]).shape == (0, 128)


def test_features_of_pixels_are_the_pixels() -> None:
    image = picture((4, 6, 1))
    found = embedding.features(linear(np.ones((4, 6, 1, 2), np.float32)), image)
    np.testing.assert_array_equal(found, image.reshape(1, -1))


@pytest.mark.parametrize(
    ("image", "words"),
    [(np.full((20, 28, 1), np.nan), "finite"), (np.zeros((28, 20, 1)), "images of shape")],
)
def test_features_of_what_is_no_image(image: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        embedding.features(small(), image)


# --- The plane ---


def test_the_plane_of_points_that_lie_in_one() -> None:
    """Points along (3, 4)/5 spread 5, along (-4, 3)/5 spread 1, nothing along the third."""
    spread = np.array([[-5, 0], [5, 0], [0, -1], [0, 1]], float)
    directions = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0]])
    found = embedding.fit_projection(spread @ directions + [7, 8, 9])
    np.testing.assert_allclose(found.mean, [7, 8, 9], atol=1e-6)
    # Each axis points to where its largest weight is above 0.
    np.testing.assert_allclose(found.axes, [[0.6, 0.8, 0], [0.8, -0.6, 0]], atol=1e-6)
    np.testing.assert_allclose(found.shares, [50 / 52, 2 / 52], atol=1e-6)
    placed = found.place(np.array([[7.6, 8.8, 12.0]]))
    np.testing.assert_allclose(placed, [[1, 0]], atol=1e-5)


@pytest.mark.parametrize("features", [np.ones((9, 3)), np.ones((1, 3)), np.arange(5.0)[:, None]])
def test_what_has_no_plane(features: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not all alike"):
        embedding.fit_projection(features)


# --- Neighbours ---


def test_nearest_by_hand() -> None:
    features = np.array([[0, 0], [3, 4], [0, 1], [3, 4]], np.float32)
    order, distances = embedding.nearest(features, np.array([3, 4]), 3)
    assert order.tolist() == [1, 3, 2]
    np.testing.assert_allclose(distances, [0, 0, np.sqrt(18)], rtol=1e-6)
    assert len(embedding.nearest(features, np.zeros(2), 9)[0]) == 4


def test_a_new_image_stands_among_its_neighbours() -> None:
    layout = np.array([[0, 0], [4, 0], [0, 8]], np.float32)
    placed = embedding.place_among(layout, np.array([0, 1]), np.array([1, 3]))
    np.testing.assert_allclose(placed, [1, 0])
    same = embedding.place_among(layout, np.array([2, 1, 0]), np.array([0.0, 0.0, 5.0]))
    np.testing.assert_allclose(same, [2, 4])


def test_a_blank_digit_has_a_place_and_neighbours(study: keras.Model) -> None:
    images = np.stack([np.zeros((28, 28, 1)), np.ones((28, 28, 1)), picture((28, 28, 1))])
    found = embedding.features(study, images)
    plane = embedding.fit_projection(found)
    assert np.isfinite(plane.place(found)).all()
    order, distances = embedding.nearest(found, found[0], 3)
    assert order[0] == 0
    assert np.isfinite(embedding.place_among(plane.place(found), order, distances)).all()


def test_neighbourhoods_keep_groups_together_and_are_seeded() -> None:
    groups = np.repeat(np.eye(3) * 20, 12, axis=0)
    features = groups + RANDOM.normal(size=groups.shape)
    layout = embedding.neighbourhoods(features)
    assert layout.shape == (36, 2)
    assert layout.dtype == np.float32
    labels = np.repeat(range(3), 12)
    for i in range(36):
        order, _ = embedding.nearest(layout, layout[i], 6)
        assert set(labels[order]) == {labels[i]}
    np.testing.assert_array_equal(embedding.neighbourhoods(features), layout)
    with pytest.raises(ValueError, match="at least 4 images"):
        embedding.neighbourhoods(features[[0, 12, 24]])


# --- The shelf ---


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cnn_lens" / "computed"


def test_a_name_says_kind_network_and_weights() -> None:
    model = small()
    name = disk_cache.name_of("kind", model, 7)
    assert name.startswith(f"kind-{model.name}-7-")
    assert disk_cache.name_of("kind", model, 7) == name
    assert disk_cache.name_of("kind", model, 8) != name
    weight = model.weights[0]
    weight.assign(weight.numpy() + 1e-6)
    assert disk_cache.name_of("kind", model, 7) != name


def test_what_is_kept_is_computed_once_and_again_when_damaged(folder: Path) -> None:
    computed: list[int] = []

    def compute() -> disk_cache.Arrays:
        computed.append(1)
        return {"numbers": np.arange(len(computed) * 3)}

    assert disk_cache.find("some") is None
    assert disk_cache.load_or_compute("some", compute)["numbers"].tolist() == [0, 1, 2]
    assert disk_cache.load_or_compute("some", compute)["numbers"].tolist() == [0, 1, 2]
    assert len(computed) == 1
    (path,) = folder.iterdir()  # nothing is left of what was written aside
    path.write_bytes(path.read_bytes()[:-30])
    assert disk_cache.find("some") is None
    assert len(disk_cache.load_or_compute("some", compute)["numbers"]) == 6
    assert len(disk_cache.load_or_compute("some", compute)["numbers"]) == 6


def test_where_nothing_can_be_written_it_is_computed_each_time(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "cnn_lens").write_text("a file where the folder should be")
    for _ in range(2):
        found = disk_cache.load_or_compute("some", lambda: {"numbers": np.ones(2)})
        assert found["numbers"].tolist() == [1, 1]
    assert not folder.exists()
