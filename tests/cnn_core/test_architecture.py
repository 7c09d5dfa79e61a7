"""What each layer makes, costs and sees, against the papers' tables and figures worked by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from keras import layers

from cnn_core import architecture, models
from cnn_core.activations import ReceptiveField
from cnn_core.architecture import LayerSummary, describe, load
from cnn_core.errors import MissingFileError, UnknownNameError
from cnn_core.models.layers import PartialConv2D
from support.networks import small

EVERY = (*models.MODELS, *models.UNTRAINED)
# To build them takes long and up to half a gigabyte; plain34 is resnet34 without its shortcuts.
LARGEST = {"vgg16", "alexnet", "plain34"}

# As published, or as it follows from the paper's own table.
PUBLISHED = {
    "study": 1_199_882,
    "tutorial": 195_860,
    "strided": 126_786,
    "strided_8_filters": 33_210,
    "ann": 473_631,
    "first_cnn": 93_222,
    "report": 499_378,
    "lenet5_full": 61_706,
    "cifar_deep": 309_290,
    "cifar_simple": 186_682,
    "course_cifar": 776_394,
    "course_fc": 2_365_450,
    "course_cnn": 4_970_122,
    # C1 156, C3 1,516, C5 48,120, F6 10,164 and the last layer 850; subsampling without weights.
    "lenet5": 60_806,
    # 3x3 windows, with biases: blocks of 38,720, 221,440, 1,475,328, 5,899,776 and 7,079,424;
    # then 25,088 * 4,096 + 4,096, 4,096 * 4,096 + 4,096 and 4,096 * 1,000 + 1,000.
    "vgg16": 138_357_544,
    # 34,944 + 307,456 + 885,120 + 663,936 + 442,624: conv2, conv4 and conv5 see half of the maps;
    # then 9,216 * 4,096 + 4,096, 4,096 * 4,096 + 4,096 and 4,096 * 1,000 + 1,000.
    "alexnet": 60_965_224,
    # Stem 9,472 + 4,160 + 110,784; blocks 163,696 + 388,736, 376,176 + 449,160 + 510,104 +
    # 605,376 + 868,352, 1,043,456 + 1,444,080; 1,024 * 1,000 + 1,000 for the answer.
    "googlenet": 6_998_552,
    # No biases, and four numbers a channel for each batch normalisation: 9,664 for the 7x7 window;
    # 3, 4, 6 and 3 pairs of 3x3 windows, of which the first looks at half of the channels but in
    # the first stage: 222,720 + 1,110,016 + 6,795,264 + 12,988,416; 512 * 1,000 + 1,000.
    "resnet34": 21_639_080,
    "plain34": 21_639_080,
}


# Rows of this project and variants whose source states no figure.
OWN = {
    "robust": 532_546,
    # The published network with convolutions in steps of 4: Flatten then gives 32 numbers.
    "strided_stride_4": 26_434,
    "strided_l2": 126_786,
    "resnet20": 271_098,
    "plain20": 271_098,
    "mini_vgg": 205_018,
    "mini_inception": 81_138,
    "mini_inception_direct": 215_026,
}

# One layer each by hand: places * window * channels seen * filters; and the whole network.
MULTIPLY_ADDS = {
    "study": ("conv2", 24 * 24 * 9 * 32 * 64, 11_992_448),
    "lenet5": ("c3", 10 * 10 * 25 * 60, 326_520),
    "lenet5_full": ("c3", 10 * 10 * 25 * 6 * 16, 416_520),
    "ann": ("dense1", 784 * 397, 472_827),
    "vgg16": ("conv1_1", 224 * 224 * 9 * 3 * 64, 15_470_264_320),
    # Two groups: each of the 256 filters sees 48 of the 96 maps.
    "alexnet": ("conv2", 27 * 27 * 25 * 48 * 256, 724_406_816),
    "googlenet": ("inception3a_5x5", 28 * 28 * 25 * 16 * 32, 1_582_671_872),
    "resnet34": ("conv1", 112 * 112 * 49 * 3 * 64, 3_644_493_824),
    "plain34": ("conv1", 112 * 112 * 49 * 3 * 64, 3_644_493_824),
}


def by_name(table: tuple[LayerSummary, ...]) -> dict[str, LayerSummary]:
    return {layer.name: layer for layer in table}


def test_every_network_has_its_number_of_parameters() -> None:
    counts = {name: models.architecture(name).num_parameters for name in EVERY}
    assert counts == PUBLISHED | OWN
    assert counts["robust"] < 600_000


@pytest.mark.parametrize("name", EVERY)
def test_shipped_tables_add_up(name: str) -> None:
    spec, table = models.architecture(name), load(name)
    assert sum(layer.num_parameters for layer in table) == spec.num_parameters
    assert (table[0].output_shape, table[0].inputs) == (spec.input_shape, ())
    assert table[-1].name == "logits"
    before: set[str] = set()
    for layer in table:
        assert before.issuperset(layer.inputs)
        assert 0 <= layer.num_trainable <= layer.num_parameters
        before.add(layer.name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EVERY if name not in LARGEST])
def test_shipped_table_is_that_of_the_network(name: str) -> None:
    assert load(name) == describe(models.build(name))


@pytest.mark.parametrize("name", MULTIPLY_ADDS)
def test_multiply_adds(name: str) -> None:
    table, (layer, by_hand, total) = load(name), MULTIPLY_ADDS[name]
    assert by_name(table)[layer].multiply_adds == by_hand
    assert sum(one.multiply_adds for one in table) == total


@pytest.mark.parametrize(
    ("name", "trainable"), [("cifar_deep", 308_394), ("report", 492_446), ("study", 1_199_882)]
)
def test_trainable_parameters(name: str, trainable: int) -> None:
    assert sum(layer.num_trainable for layer in load(name)) == trainable


def test_c3_of_lenet5_has_the_published_connections() -> None:
    """Table I of the paper: 6 filters on 3 maps, 9 on 4, 1 on all 6, with 16 biases."""
    assert by_name(load("lenet5"))["c3"].num_parameters == 25 * (6 * 3 + 9 * 4 + 6) + 16 == 1_516
    assert by_name(load("lenet5_full"))["c3"].num_parameters == 25 * 6 * 16 + 16 == 2_416


def test_shortcuts_cost_nothing() -> None:
    for residual, plain in (("resnet20", "plain20"), ("resnet34", "plain34")):
        costs = [
            {one.name: (one.num_parameters, one.multiply_adds) for one in load(name)}
            for name in (residual, plain)
        ]
        assert costs[1].items() <= costs[0].items()
        assert {cost for one, cost in costs[0].items() if one not in costs[1]} == {(0, 0)}


def test_bottleneck_of_the_course_notebook() -> None:
    """At each place, 5x5 windows on 192 maps cost 25*32*192; behind 16 of 1x1 far less."""
    inputs = keras.Input((28, 28, 192))
    direct = layers.Conv2D(32, 5, padding="same", name="direct")(inputs)
    narrow = layers.Conv2D(16, 1, name="narrow")(inputs)
    wide = layers.Conv2D(32, 5, padding="same", name="wide")(narrow)
    table = by_name(describe(keras.Model(inputs, layers.Concatenate()([direct, wide]))))
    places = 28 * 28
    assert table["direct"].multiply_adds == places * 25 * 32 * 192
    bottleneck = table["narrow"].multiply_adds + table["wide"].multiply_adds
    assert bottleneck == places * (16 * 192 + 25 * 32 * 16)
    assert table["direct"].multiply_adds / bottleneck == pytest.approx(9.68, abs=0.01)


def test_describe_by_hand() -> None:
    inputs = keras.Input((8, 6, 2), name="image")
    x = layers.Conv2D(3, (3, 1), strides=2, padding="same", activation="relu", name="conv")(inputs)
    y = layers.BatchNormalization(name="norm")(x)
    x = layers.Add(name="add")([x, y])
    x = layers.Flatten(name="flatten")(x)
    model = keras.Model(inputs, layers.Dense(5, use_bias=False, name="logits")(x))
    at = {"size": (3, 1), "stride": (2, 2), "start": (0, 0)}
    assert describe(model) == (
        LayerSummary("image", "InputLayer", "", (), (8, 6, 2), 0, 0, 0, field((1, 1), (1, 1))),
        LayerSummary(
            "conv", "Conv2D", "3×1, stride 2, same padding, relu", ("image",), (4, 3, 3),
            3 * 2 * 3 + 3, 3 * 2 * 3 + 3, 4 * 3 * (3 * 2 * 3), field(**at),
        ),
        LayerSummary(
            "norm", "BatchNormalization", "", ("conv",), (4, 3, 3), 12, 6, 0, field(**at)
        ),
        LayerSummary("add", "Add", "", ("conv", "norm"), (4, 3, 3), 0, 0, 0, field(**at)),
        LayerSummary("flatten", "Flatten", "", ("add",), (36,), 0, 0, 0, None),
        LayerSummary("logits", "Dense", "", ("flatten",), (5,), 180, 180, 180, None),
    )  # fmt: skip


def field(
    size: tuple[int, int], stride: tuple[int, int], start: tuple[int, int] = (0, 0)
) -> ReceptiveField:
    return ReceptiveField(size, stride, start)


@pytest.mark.parametrize(
    ("layer", "settings"),
    [
        (layers.MaxPooling2D(2), "2×2"),
        (layers.MaxPooling2D(3, strides=2), "3×3, stride 2"),
        (layers.AveragePooling2D((2, 1)), "2×1"),
        (layers.Conv2D(4, 1, padding="same"), "1×1"),
        (layers.Conv2D(4, 3, strides=(2, 1)), "3×3, stride 2×1"),
        (layers.Conv2D(4, 3, groups=2, dilation_rate=2), "3×3, dilation 2, 2 groups"),
        (PartialConv2D([(0,), (0, 1)], 5, activation="tanh"), "5×5, tanh"),
        (layers.Dropout(0.25), "rate 0.25"),
        (layers.LeakyReLU(0.08), "slope 0.08"),
        (layers.ReLU(), ""),
        (layers.ZeroPadding2D(2), ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_settings(layer: layers.Layer, settings: str) -> None:
    inputs = keras.Input((12, 12, 2))
    assert describe(keras.Model(inputs, layer(inputs)))[1].settings == settings


def test_tables_need_no_tensorflow() -> None:
    code = "import sys; from cnn_core import architecture; architecture.load('vgg16'); "
    code += "print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


# The shipped file.


def test_unknown_network_lists_the_names() -> None:
    with pytest.raises(UnknownNameError, match=r"no model 'lenet-7'.*one of: .*study"):
        load("lenet-7")


@pytest.mark.parametrize(
    "content",
    [None, "", "[]", "{}", '{"study": [{}]}', '{"study": 3}', '{"study": [{"name'],
    ids=str,
)
def test_missing_or_damaged_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    if content is not None:
        architecture.tables_path().write_text(content, "utf-8")
    with pytest.raises(MissingFileError, match=r"'study'.*`python -m cnn_core\.architecture`"):
        load("study")


def network(name: str, classes: int) -> models.Architecture:
    return models.Architecture(
        name=name, title=name, description="", source="", input_shape=(8, 9, 1), num_parameters=0,
        build=lambda: small((8, 9, 1), classes=classes),
    )  # fmt: skip


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, models.Architecture]:
    """A folder without files, and two networks of which one counts as trained."""
    rows = {name: network(name, classes) for name, classes in (("one", 2), ("two", 5))}
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    monkeypatch.setattr(models, "MODELS", {"one": rows["one"]})
    monkeypatch.setattr(models, "UNTRAINED", {"two": rows["two"]})
    return rows


def test_written_tables_are_read_again(registry: dict[str, models.Architecture]) -> None:
    path = architecture.write()
    assert list(path.parent.iterdir()) == [path]
    for name, row in registry.items():
        assert load(name) == describe(row.build())
    assert list(json.loads(path.read_text("utf-8"))) == ["one", "two"]


def test_interrupted_writing_leaves_the_file_as_it_was(
    registry: dict[str, models.Architecture], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = architecture.write()
    before = path.read_bytes()

    def interrupted() -> keras.Model:
        raise KeyboardInterrupt

    spoiled = models.Architecture(**{**vars(registry["two"]), "build": interrupted})
    monkeypatch.setattr(models, "UNTRAINED", {"two": spoiled})
    with pytest.raises(KeyboardInterrupt):
        architecture.write()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
