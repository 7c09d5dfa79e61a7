"""The Attention page: every method, option, class and layer."""

from __future__ import annotations

import re

import pytest

from cnn_core import datasets, inference, models
from cnn_core.attribution import METHODS, explain
from cnn_core.attribution.occlusion import UNITS
from dashboard.app_pages.attention import text as attention_text
from dashboard.frame import page_parts
from dashboard.widgets.canvas.codec import to_text
from support.sentences import pattern_of
from support.visitors import BLANK, STEM, Visitor

# A digit whose Grad-CAM at the last convolution has no positive evidence.
NO_EVIDENCE = 7
BLANK_NOTICES = (page_parts.BLANK_PAPER, attention_text.BLANK)


def untested(**address: str) -> Visitor:
    """A visitor who does without the tests of each map: they take longer than the map."""
    visitor = Visitor("attention", **address)
    visitor.choose("tests_wanted", False)
    return visitor


@pytest.mark.slow
def test_every_method_explains_the_answer_and_another_class() -> None:
    visitor = untested()
    for method, row in METHODS.items():
        visitor.choose("method", method)
        assert visitor.complaints() == []
        assert re.match(rf"{re.escape(row.title)}\D* 2\b", visitor.chart_texts()[0])
        texts = "".join(visitor.text("markdown") + visitor.text("warning"))
        for told in (row.help.split("\n")[0], row.weakness, f"({row.paper})"):
            assert told in texts
        assert any(row.weakness in text for text in visitor.text("warning")) is (
            row.fails_sanity_checks
        )
        captions = "".join(visitor.text("caption"))
        assert f"{row.cost}." in captions
        is_missed = bool(pattern_of(attention_text.MISSED).search(captions))
        assert is_missed is (row.baselines is not None)
        (layer,) = (box for box in visitor.app.selectbox if box.key == "attention_layer_study")
        assert layer.disabled is not row.needs_conv_layer
    visitor.choose("target", 7)
    visitor.choose("against", 1)
    assert visitor.complaints() == []
    assert re.match(rf"{re.escape(row.title)}\D* 7\b", visitor.chart_texts()[0])
    where = re.compile(r"^\*\*.*\b7\b.*\b1\b.*\d%.*\*\*$")
    assert any(map(where.search, visitor.text("markdown")))
    against = attention_text.RATHER_THAN.format(name=7, rival=1)
    captions = "".join(visitor.text("caption"))
    assert against in captions
    assert pattern_of(attention_text.EXPLAINED, score="margin").search(captions)


@pytest.mark.slow
def test_every_option_of_a_method_can_be_set() -> None:
    visitor = untested()
    for method in (row for row in METHODS.values() if row.options):
        visitor.choose("method", method.name)
        for option in method.options:
            value = option.choices[-1] if option.choices else option.minimum
            visitor.choose(f"{method.name}_{option.name}_28", type(option.default)(value))
            assert visitor.complaints() == []


@pytest.mark.slow
def test_another_seed_draws_another_map_and_its_caption_says_what_was_drawn() -> None:
    visitor = untested()
    assert "seed" not in [widget.key for widget in visitor.app.number_input]
    for method in (row for row in METHODS.values() if row.needs_seed):
        visitor.choose("method", method.name)
        visitor.choose("seed", 0)
        said = attention_text.RANDOM.format(part=method.random_part)
        assert said in "".join(visitor.text("caption"))
    visitor.choose("method", "rise")
    first = visitor.app.main.get("plotly_chart")[0].proto.spec
    visitor.choose("seed", 1)
    assert visitor.complaints() == []
    assert visitor.app.main.get("plotly_chart")[0].proto.spec != first
    visitor.go_to("occlusion")
    visitor.go_to("attention")
    assert visitor.app.session_state["seed"] == 1
    visitor.choose("method", "occlusion")
    assert not pattern_of(attention_text.RANDOM).search("".join(visitor.text("caption")))


@pytest.mark.slow
def test_occlusion_in_probability_says_so_and_that_a_sure_network_hides_it() -> None:
    visitor = Visitor("attention")
    visitor.choose("method", "occlusion")
    assert f" {UNITS['logit']}</span>" in visitor.html()
    visitor.choose("occlusion_quantity_28", "probability")
    assert visitor.complaints() == []
    unit = f" {UNITS['probability']}</span>"
    assert unit in visitor.html()
    too_sure = attention_text.TOO_SURE.format(least=0.05, score="logit")
    said = f"{attention_text.FALL_OF_PROBABILITY} {too_sure}"
    assert said in "".join(visitor.text("caption"))
    visitor.choose("against", 7)
    assert attention_text.FALL_OF_DIFFERENCE in "".join(visitor.text("caption"))
    visitor.choose("attention_view", attention_text.PAIR)
    assert visitor.complaints() == []
    assert unit in visitor.html()


@pytest.mark.slow
def test_the_digit_before_edits_is_a_baseline() -> None:
    """Only what was drawn has changed, so only there a value is not 0."""
    visitor = Visitor("attention", ink=to_text(STEM))
    visitor.choose("method", "integrated_gradients")
    visitor.choose("integrated_gradients_baseline_28", "the digit before edits")
    assert visitor.complaints() == []
    assert visitor.text("info") == []
    untouched = Visitor("attention")
    untouched.choose("method", "deep_lift")
    untouched.choose("deep_lift_baseline_28", "the digit before edits")
    assert untouched.text("info") == [attention_text.LIKE_THE_BASELINE.format(noun="digit")]


@pytest.mark.slow
def test_the_share_of_the_score_that_lrp_conserves_stands_beside_its_map() -> None:
    visitor = Visitor("attention")
    said = pattern_of(attention_text.CONSERVED, score="logit")
    assert not said.search("".join(visitor.text("caption")))
    visitor.choose("method", "lrp_epsilon")
    pixels = datasets.load("mnist", split="test").images[1]
    answer = int(inference.predict(models.load_pretrained("study"), pixels).classes[0])
    found = explain(models.load_pretrained("study"), pixels, answer, method="lrp_epsilon")
    said = pattern_of(attention_text.CONSERVED, score="logit", share=found.conserved_share)
    assert said.search("".join(visitor.text("caption")))


def test_a_blank_digit_is_told_in_words() -> None:
    visitor = Visitor("attention", own=to_text(BLANK))
    visitor.choose("method", "kernel_shap")
    assert visitor.complaints() == []
    notices = [template.format(noun="digit") for template in BLANK_NOTICES]
    assert visitor.text("info") == notices
    assert "%" not in visitor.chart_texts()[0], "there is no evidence to be shared out"


@pytest.mark.slow
def test_two_classes_stand_side_by_side_with_what_tells_them_apart() -> None:
    visitor = Visitor("attention")
    visitor.choose("attention_view", attention_text.PAIR)
    visitor.choose("method", "deep_lift")
    assert visitor.complaints() == []
    assert re.findall(r"\d+", visitor.chart_texts()[0])[:5] == ["2", "1", "2", "1", "2"]
    assert attention_text.RATHER_THAN.format(name=2, rival=1) in visitor.chart_texts()[0]
    assert re.search(r"\b2: .*\d%", visitor.chart_texts()[0]), "and where the evidence lies"
    visitor.choose("rival", 7)
    assert re.findall(r"\d+", visitor.chart_texts()[0])[:4] == ["2", "7", "2", "7"]
    visitor.choose("rival", 2)
    assert visitor.complaints() == []
    assert attention_text.SAME_CLASS in visitor.text("caption")


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["conv1", "conv2", "pool"])
def test_every_layer_can_be_chosen(layer: str) -> None:
    visitor = Visitor("attention")
    visitor.choose("method", "layer_cam")
    visitor.choose("attention_layer_study", layer)
    assert visitor.complaints() == []
    assert attention_text.LAYER.format(layer=layer) in "".join(visitor.text("caption"))


@pytest.mark.slow
def test_a_class_is_not_weighed_against_itself() -> None:
    visitor = Visitor("attention")
    visitor.choose("target", 4)
    visitor.choose("against", 4)
    assert visitor.complaints() == []
    assert attention_text.SAME_CLASS in visitor.text("caption")
    said = pattern_of(attention_text.EXPLAINED, score="logit")
    assert said.search("".join(visitor.text("caption")))


@pytest.mark.slow
def test_a_map_without_evidence_says_so_instead_of_showing_nothing() -> None:
    visitor = Visitor("attention", digit=str(NO_EVIDENCE))
    visitor.choose("method", "grad_cam")
    assert visitor.text("info") == [attention_text.NOTHING_POSITIVE]
    assert "conv2" in visitor.chart_texts()[0]
    assert "%" not in visitor.chart_texts()[0]
    visitor.choose("method", "layer_cam")
    assert visitor.text("info") == []


@pytest.mark.slow
def test_all_methods_and_all_classes_stand_side_by_side() -> None:
    visitor = Visitor("attention", digit=str(NO_EVIDENCE))
    visitor.choose("attention_view", attention_text.METHODS_VIEW)
    assert visitor.complaints() == []
    texts = " ".join(visitor.chart_texts())
    assert [row.title for row in METHODS.values() if row.title not in texts] == []
    # Each map has its own scale, so each says its end.
    assert f"{METHODS['occlusion'].title}, ±" in texts
    visitor.choose("attention_view", attention_text.CLASSES_VIEW)
    visitor.choose("method", "grad_cam")
    assert visitor.complaints() == []
    assert re.findall(r"\d+", visitor.chart_texts()[0])[:10] == [str(i) for i in range(10)]
    chart = visitor.app.main.get("plotly_chart")[0].proto.spec
    assert attention_text.NO_EVIDENCE in chart


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_the_overlay_goes_from_digit_to_map(strength: float) -> None:
    visitor = Visitor("attention")
    visitor.choose("overlay", strength)
    assert visitor.complaints() == []
