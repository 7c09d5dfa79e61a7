"""Every page through Home.py: what stands on it, and what its gestures change."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from cnn_core import datasets, evaluation, images, inference, models
from cnn_core.attribution import METHODS, explain
from cnn_core.attribution.occlusion import UNITS
from cnn_core.errors import DivergedNetworkError, PictureError
from dashboard import cache, navigation, tensorflow_loader
from dashboard.app_pages.attention import text as attention_text
from dashboard.app_pages.draw_and_erase import text as drawing_text
from dashboard.app_pages.feature_maps import views as feature_maps
from dashboard.app_pages.filters import views as filters
from dashboard.app_pages.misclassified import cached
from dashboard.app_pages.misclassified import text as misclassified_text
from dashboard.app_pages.occlusion import views as occlusion
from dashboard.app_pages.one_vs_two import views as one_vs_two_views
from dashboard.app_pages.one_vs_two.cached import one_vs_two
from dashboard.cache import networks
from dashboard.figures import numbers
from dashboard.frame import page_parts, sidebar
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import from_text, to_text
from support.sentences import pattern_of
from support.visitors import SEVEN, STEM, Visitor, forget_pictures, forget_results

PAGES = tuple(page.name for page in navigation.PAGES)
# They show what is shipped beside the weights; Compare has no second network in that test.
NEED_NO_NETWORK = {"misclassified", "compare", "evaluation", "models", "experiments"}
# A digit whose Grad-CAM at the last convolution has no positive evidence.
NO_EVIDENCE = 7
BLANK = np.zeros((28, 28), np.uint8)
BLANK_NOTICES = (page_parts.BLANK_PAPER, attention_text.BLANK)
(DRAWING_TITLE,) = (page.title for page in navigation.PAGES if page.name == "draw_and_erase")


@pytest.fixture(scope="module", autouse=True)
def _network() -> None:
    tensorflow_loader.wait()


@pytest.fixture
def drawn() -> Visitor:
    """A visitor who has turned test digit 1 into a plain stem."""
    visitor = Visitor("draw_and_erase", model="study")
    visitor.draw(STEM)
    return visitor


def answer_to(levels: np.ndarray) -> int:
    pixels = (levels.astype(np.float32) / np.float32(255))[..., None]
    return int(cache.prediction("study", pixels).classes[0])


def said(visitor: Visitor) -> tuple[str, str]:
    """The name of the current digit and the answer, from the sidebar."""
    found = re.search(r"<div><b>(.*?)</b>.*<b>(\d)</b>", visitor.card())
    assert found, visitor.card()[-200:]
    return found[1], found[2]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_it_shows_and_leads_on(page: str) -> None:
    visitor = Visitor(page)
    assert visitor.complaints() == []
    (title,) = visitor.text("title")
    if page != "overview":  # whose heading says what the app is for
        assert title == navigation.PAGES[PAGES.index(page)].title
    intro = visitor.text("markdown")[0]
    assert len(re.findall(r"\w[.?!:;](?: |$)", intro)) >= 2, intro
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    following = navigation.following(page).name
    if page == "overview":
        assert links == list(PAGES[1:])
    else:
        assert links[-1] == ("" if following == "overview" else following), (
            "its address is the root"
        )


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", [{"ink": to_text(STEM)}, {"own": to_text(BLANK)}])
def test_every_page_takes_an_edited_and_a_blank_digit(page: str, address: dict) -> None:
    assert Visitor(page, **address).complaints() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", models.MODELS)
def test_every_shipped_network_can_be_opened_up(name: str) -> None:
    if not models.is_trained(name):
        pytest.skip(f"{name} is not trained yet")
    if datasets.find(models.get(name).dataset) is None:
        pytest.skip(f"the pictures of {models.get(name).dataset} are not on this machine")
    visitor = Visitor("attention", model=name)
    assert visitor.complaints() == []
    visitor.go_to("feature_maps")
    assert visitor.complaints() == []


# --- Sidebar ---


def test_the_sidebar_names_the_model_with_the_figures_of_its_card() -> None:
    visitor, card = Visitor(), models.load_card("study")
    trained = [row for row in models.MODELS.values() if models.is_trained(row.name)]
    assert len(visitor.options("model")) == len(trained)
    assert visitor.options("model")[0] == models.MODELS["study"].title
    (caption,) = (element.value for element in visitor.app.sidebar.caption)
    assert f"{100 * card.test_accuracy:.1f}%" in caption
    assert f"{card.num_parameters:,}" in caption


def test_next_and_previous_walk_through_the_test_digits() -> None:
    visitor = Visitor()
    assert said(visitor) == (image_name("digit", 1), "2")
    visitor.press("digit_next")
    assert said(visitor)[0] == image_name("digit", 2)
    for index in (1, 0, 9999):
        visitor.press("digit_previous")
        assert said(visitor)[0] == image_name("digit", index)
    visitor.press("digit_next")
    assert said(visitor)[0] == image_name("digit", 0)


def test_a_random_digit_is_another_one() -> None:
    visitor = Visitor()
    visitor.press("digit_random")
    assert said(visitor)[0] != image_name("digit", 1)
    assert visitor.complaints() == []


def test_the_index_chooses_a_digit(test_split: datasets.Split) -> None:
    visitor = Visitor()
    visitor.choose("digit", 151)
    assert said(visitor)[0] == image_name("digit", 151)
    assert sidebar.TRUE_CLASS.format(name=test_split.labels[151]) in visitor.card()


def test_a_class_keeps_next_previous_and_random_within_it(test_split: datasets.Split) -> None:
    visitor = Visitor()
    visitor.choose("of_class_mnist", "7")
    sevens = np.flatnonzero(test_split.labels == 7)
    assert said(visitor)[0] == image_name("digit", sevens[0])
    visitor.press("digit_next")
    assert said(visitor)[0] == image_name("digit", sevens[1])
    visitor.press("digit_previous")
    visitor.press("digit_previous")
    assert said(visitor)[0] == image_name("digit", sevens[-1])
    visitor.press("digit_random")
    assert sidebar.TRUE_CLASS.format(name=7) in visitor.card()


def test_a_class_that_the_digit_has_already_keeps_it() -> None:
    visitor = Visitor(digit="38")
    visitor.choose("of_class_mnist", "2")
    assert said(visitor)[0] == image_name("digit", 38)


# --- Overview ---


def test_the_overview_shows_the_way_through_the_network() -> None:
    html = Visitor().html()
    stages = re.findall("<h3>(.*?)</h3>", html)
    assert len(stages) == 4
    assert [stage.split()[-1] for stage in stages[1:3]] == ["conv1", "conv2"]
    assert [part.count("<img") for part in html.split("<section>")[1:]] == [1, 9, 9, 0]
    assert html.count('class="cl-bar') == 11


def test_a_click_in_the_gallery_chooses_the_digit() -> None:
    visitor = Visitor()
    gallery = visitor.component("gallery")
    visitor.click_tile("gallery", 3)
    (index,) = re.findall(r"\d+", gallery["captions"][3])
    assert said(visitor)[0] == image_name("digit", int(index))
    assert visitor.component("gallery")["selected"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["study", "cifar_simple", "course_fc"])
def test_the_overview_credits_the_pictures(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = datasets.get(models.get(name).dataset)
    expected = re.compile(".*".join(map(re.escape, (row.title, row.source, row.licence))))
    assert any(map(expected.search, Visitor(model=name).text("caption")))
    for variable in ("CNN_LENS_DATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    forget_pictures()
    credited = any(map(expected.search, Visitor(model=name).text("caption")))
    assert credited, "before a download too"
    forget_pictures()


# --- Draw and erase ---


@pytest.mark.slow
def test_the_answer_follows_the_pen(drawn: Visitor) -> None:
    assert said(drawn) == (image_name("digit", 1, is_edited=True), str(answer_to(STEM)))
    assert drawn.answers() == [str(answer_to(STEM))]
    assert "cl-changes" in drawn.html()
    assert drawn.html().count("<figure") == 2
    assert drawn.complaints() == []


def test_the_maps_wait_until_the_pen_is_lifted(drawn: Visitor) -> None:
    maps = re.findall("<figure.*</figure>", drawn.html())
    drawn.draw(SEVEN, is_final=False)
    assert drawn.answers() == [str(answer_to(SEVEN))]
    assert re.findall("<figure.*</figure>", drawn.html()) == maps
    assert "cl-stale" in drawn.html()
    drawn.draw(SEVEN)
    assert re.findall("<figure.*</figure>", drawn.html()) != maps
    assert "cl-stale" not in drawn.html()


def test_a_new_digit_does_not_stand_beside_the_maps_of_the_last(drawn: Visitor) -> None:
    drawn.press("blank_paper")
    drawn.draw(SEVEN, is_final=False)
    assert "<figure" not in drawn.html()
    drawn.draw(SEVEN)
    assert drawn.html().count("<figure") == 2


def test_every_edit_joins_the_strip_and_a_click_goes_back(drawn: Visitor) -> None:
    drawn.draw(SEVEN)
    captions = drawn.component("edits")["captions"]
    expected = [2, answer_to(STEM), answer_to(SEVEN)]
    assert [int(caption[0]) for caption in captions] == expected
    assert drawn.component("edits")["selected"] == 2
    before = drawn.component("digit_canvas")["revision"]
    drawn.click_tile("edits", 1)
    np.testing.assert_array_equal(drawn.drawn(), STEM)
    assert drawn.component("digit_canvas")["revision"] > before
    assert drawn.component("edits")["selected"] == 1
    assert len(drawn.component("edits")["captions"]) == 3
    assert said(drawn)[1] == str(answer_to(STEM))
    drawn.click_tile("edits", 0)
    assert said(drawn)[0] == image_name("digit", 1)


def test_an_update_while_the_pen_is_down_is_no_edit(drawn: Visitor) -> None:
    drawn.draw(SEVEN, is_final=False)
    assert len(drawn.component("edits")["captions"]) == 2


def test_an_undone_edit_is_found_again_in_the_strip(drawn: Visitor) -> None:
    drawn.draw(SEVEN)
    drawn.draw(STEM)
    assert len(drawn.component("edits")["captions"]) == 3
    assert drawn.component("edits")["selected"] == 1


def test_a_drawing_from_the_address_is_an_edit() -> None:
    visitor = Visitor("draw_and_erase", model="study", ink=to_text(STEM))
    assert len(visitor.component("edits")["captions"]) == 2
    assert visitor.component("edits")["selected"] == 1


def test_blank_paper_starts_a_digit_of_ones_own() -> None:
    visitor = Visitor("draw_and_erase", model="study")
    visitor.press("blank_paper")
    assert image_name("digit", None) in visitor.card()
    assert not pattern_of(sidebar.TRUE_CLASS).search(visitor.card())
    assert sidebar.BLANK in visitor.card()
    assert visitor.text("info") == [drawing_text.BLANK_PAPER]
    visitor.draw(STEM)
    assert said(visitor) == (image_name("digit", None, is_edited=True), str(answer_to(STEM)))
    assert "cl-changes" not in visitor.html()
    visitor.press("test_image")
    assert said(visitor) == (image_name("digit", 1), "2")
    assert not visitor.shows("edits")


@pytest.mark.slow
@pytest.mark.parametrize(
    "update",
    [
        None,
        "stroke",
        {"digit": "test-1"},
        {"pixels": "garbage"},
        {"sequence": "2"},
        {"revision": 99},
        {"digit": "test-2"},
    ],
)
def test_what_no_canvas_would_send_changes_nothing(drawn: Visitor, update: object) -> None:
    sent = drawn.app.session_state["digit_canvas"]["stroke"]
    forged = sent | {"sequence": 9} | update if isinstance(update, dict) else update
    drawn.app.session_state["digit_canvas"] = {"stroke": forged}
    np.testing.assert_array_equal(drawn.drawn(), STEM)
    assert drawn.complaints() == []


def png(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pen_on_paper() -> Image.Image:
    """A 7 as somebody may write it: black on white, off the middle, 200x160 pixels."""
    paper = np.full((160, 200), 255, np.uint8)
    paper[30:36, 60:100] = 20
    paper[30:120, 94:100] = 20
    return Image.fromarray(paper)


@pytest.mark.slow
def test_an_upload_becomes_the_digit_and_shows_its_steps(drawn: Visitor) -> None:
    data = png(pen_on_paper())
    drawn.upload(data)
    read = images.read_digit(data)
    np.testing.assert_array_equal(drawn.drawn(), np.rint(read.pixels[..., 0] * 255))
    assert said(drawn)[0] == image_name("digit", None)
    assert drawn.complaints() == []
    for step in read.steps:
        assert step.title in drawn.html()
    drawn.draw(SEVEN)
    assert read.steps[0].title in drawn.html(), "edits keep the steps of their picture"
    drawn.press("blank_paper")
    assert read.steps[0].title not in drawn.html()


def bomb() -> bytes:
    """A small file that declares 30,000 x 30,000 pixels."""
    data = bytearray(png(Image.new("L", (8, 8))))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(data)


HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "truncated": png(pen_on_paper(), "JPEG")[:700],
    "bomb": bomb(),
    "blank": png(Image.new("L", (64, 64), 255)),
    "pdf": b"%PDF-1.4",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_upload_gets_one_sentence_and_the_digit_stays(drawn: Visitor, kind: str) -> None:
    with pytest.raises(PictureError) as refused:
        images.read_digit(HOSTILE[kind])
    drawn.upload(HOSTILE[kind])
    (complaint,) = drawn.complaints()
    assert complaint == str(refused.value)
    assert complaint.endswith(".")
    assert "\n" not in complaint
    np.testing.assert_array_equal(drawn.drawn(), STEM)
    assert len(drawn.component("edits")["captions"]) == 2


def test_a_complaint_goes_when_the_visitor_goes_on(drawn: Visitor) -> None:
    drawn.upload(b"hello")
    assert len(drawn.complaints()) == 1
    drawn.press("digit_next")
    assert drawn.complaints() == []


def test_the_server_keeps_no_uploaded_file(drawn: Visitor) -> None:
    drawn.upload(png(pen_on_paper()))
    (uploader,) = drawn.app.file_uploader
    assert uploader.key == "upload_1"
    assert "upload_0" not in drawn.app.session_state


# --- Attention ---


def alt(visitor: Visitor) -> str:
    return visitor.app.main.get("plotly_chart")[0].proto.alt


def alts(visitor: Visitor) -> str:
    return " ".join(chart.proto.alt for chart in visitor.app.main.get("plotly_chart"))


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
        assert re.match(rf"{re.escape(row.title)}\D* 2\b", alt(visitor))
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
    assert re.match(rf"{re.escape(row.title)}\D* 7\b", alt(visitor))
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


@pytest.mark.parametrize("page", ["attention", "occlusion", "draw_and_erase"])
def test_a_network_that_diverged_is_told_in_words(page: str) -> None:
    model = networks.model("first_cnn")
    weights = model.get_weights()
    try:
        model.set_weights([np.nan * weight for weight in weights])
        with pytest.raises(DivergedNetworkError) as told:
            inference.predict(model, STEM[..., None] / np.float32(255))
        visitor = Visitor(page, model="first_cnn", own=to_text(STEM))
    finally:
        model.set_weights(weights)
    assert str(told.value) in visitor.text("error")
    assert not visitor.app.exception


def test_a_blank_digit_is_told_in_words() -> None:
    visitor = Visitor("attention", own=to_text(BLANK))
    visitor.choose("method", "kernel_shap")
    assert visitor.complaints() == []
    notices = [template.format(noun="digit") for template in BLANK_NOTICES]
    assert visitor.text("info") == notices
    assert "%" not in alt(visitor), "there is no evidence to be shared out"


@pytest.mark.slow
def test_two_classes_stand_side_by_side_with_what_tells_them_apart() -> None:
    visitor = Visitor("attention")
    visitor.choose("attention_view", attention_text.PAIR)
    visitor.choose("method", "deep_lift")
    assert visitor.complaints() == []
    assert re.findall(r"\d+", alt(visitor))[:5] == ["2", "1", "2", "1", "2"]
    assert attention_text.RATHER_THAN.format(name=2, rival=1) in alt(visitor)
    assert re.search(r"\b2: .*\d%", alt(visitor)), "and where the evidence lies"
    visitor.choose("rival", 7)
    assert re.findall(r"\d+", alt(visitor))[:4] == ["2", "7", "2", "7"]
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
    assert "conv2" in alt(visitor)
    assert "%" not in alt(visitor)
    visitor.choose("method", "layer_cam")
    assert visitor.text("info") == []


@pytest.mark.slow
def test_all_methods_and_all_classes_stand_side_by_side() -> None:
    visitor = Visitor("attention", digit=str(NO_EVIDENCE))
    visitor.choose("attention_view", attention_text.METHODS_VIEW)
    assert visitor.complaints() == []
    assert [row.title for row in METHODS.values() if row.title not in alts(visitor)] == []
    # Each map has its own scale, so each says its end.
    assert f"{METHODS['occlusion'].title}, ±" in alts(visitor)
    visitor.choose("attention_view", attention_text.CLASSES_VIEW)
    visitor.choose("method", "grad_cam")
    assert visitor.complaints() == []
    assert re.findall(r"\d+", alt(visitor))[:10] == [str(i) for i in range(10)]
    chart = visitor.app.main.get("plotly_chart")[0].proto.spec
    assert attention_text.NO_EVIDENCE in chart


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_the_overlay_goes_from_digit_to_map(strength: float) -> None:
    visitor = Visitor("attention")
    visitor.choose("overlay", strength)
    assert visitor.complaints() == []


# --- Occlusion ---


def test_the_occlusion_map_starts_with_the_logit_of_the_answer() -> None:
    probe = Visitor("occlusion").component("occlusion_probe")
    assert probe["map_title"] == occlusion.MAP_TITLE.format(quantity="logit", what=2)
    assert probe["tops"] == probe["lefts"] == list(range(25))
    assert probe["box"] == [4, 4]
    assert probe["unit"] == UNITS["logit"]


def test_patch_and_stride_set_the_positions() -> None:
    visitor = Visitor("occlusion")
    visitor.slide("patch_size_28", 14)
    visitor.slide("stride_28", 4)
    probe = visitor.component("occlusion_probe")
    assert probe["tops"] == [0, 4, 8, 12, 14], "the last position covers the border"
    visitor.slide("patch_size_28", 1)
    visitor.slide("stride_28", 1)
    assert len(visitor.component("occlusion_probe")["tops"]) == 28
    assert visitor.complaints() == []


@pytest.mark.slow
@pytest.mark.parametrize("fill", ["black", "white", "mean", "blur", "background"])
def test_every_fill_can_be_chosen(fill: str) -> None:
    visitor = Visitor("occlusion")
    visitor.choose("fill_28", fill)
    assert visitor.complaints() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quantity", "what", "unit"),
    [
        (occlusion.MARGIN, occlusion.OVER.format(name=7, rival=2), UNITS["logit"]),
        (occlusion.PROBABILITY, "7", UNITS["probability"]),
        (occlusion.LOGIT, "7", UNITS["logit"]),
    ],
)
def test_every_quantity_can_be_asked_for_another_class(quantity: str, what: str, unit: str) -> None:
    visitor = Visitor("occlusion")
    visitor.choose("occlusion_quantity", quantity)
    visitor.choose("occlusion_target", 7)
    probe = visitor.component("occlusion_probe")
    title = occlusion.MAP_TITLE.format(quantity=quantity.lower(), what=what)
    assert (probe["map_title"], probe["unit"]) == (title, unit)
    assert visitor.complaints() == []


def test_the_page_says_how_many_positions_change_the_answer(digit: np.ndarray) -> None:
    visitor = Visitor("occlusion")
    visitor.slide("patch_size_28", 1)
    assert visitor.text("markdown")[-1] == occlusion.NO_FLIPS.format(answer=2)
    visitor.slide("patch_size_28", 14)
    visitor.choose("fill_28", "white")
    winners = cache.occlusion_map("study", digit, 14, 1, "white").winners
    share = numbers.percent((winners != 2).mean())
    said = pattern_of(occlusion.FLIPS, answer=2, share=share, positions=winners.size)
    assert said.fullmatch(visitor.text("markdown")[-1])


# --- Filters ---


def test_filters_by_layer_channel_and_order() -> None:
    visitor = Visitor("filters")
    assert re.findall(r"\d+", visitor.text("caption")[0])[:4] == ["32", "3", "3", "1"]
    visitor.choose("filter_layer_study", "conv2")
    assert re.findall(r"\d+", visitor.text("caption")[0])[:4] == ["64", "3", "3", "32"]
    first = visitor.app.main.get("plotly_chart")[0].proto.spec
    visitor.choose("channel_conv2", 31)
    second = visitor.app.main.get("plotly_chart")[0].proto.spec
    visitor.choose("filter_order", filters.BY_NORM)
    third = visitor.app.main.get("plotly_chart")[0].proto.spec
    assert len({first, second, third}) == 3
    assert visitor.complaints() == []


def test_every_weight_array_has_its_figures() -> None:
    (table,) = Visitor("filters").app.main.dataframe
    layers = ["conv1", "conv1", "conv2", "conv2", "dense", "dense", "logits", "logits"]
    names, _, sizes, *_ = (table.value[column] for column in table.value)
    assert names.tolist() == layers
    assert sizes.sum() == models.load_card("study").num_parameters


# --- Feature maps ---


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layer", "count", "field"), [("conv1", 32, 3), ("conv2", 64, 5), ("pool", 64, 6)]
)
def test_every_layer_shows_all_its_maps(layer: str, count: int, field: int) -> None:
    visitor = Visitor("feature_maps")
    visitor.choose("map_layer_study", layer)
    assert len(visitor.component(f"maps_{layer}")["captions"]) == count
    assert visitor.component("unit_probe")["box"] == [field, field]
    visitor.click_tile(f"maps_{layer}", count - 1)
    (heading,) = visitor.text("subheader")
    assert re.fullmatch(rf"{layer}\D+{count - 1}", heading)
    assert visitor.component(f"maps_{layer}")["selected"] == count - 1
    assert visitor.complaints() == []


def test_dense_layers_show_their_units_and_layers_that_repeat_others_are_left_out() -> None:
    visitor = Visitor("feature_maps")
    assert visitor.options("map_layer_study") == ["conv1", "conv2", "pool", "dense", "logits"]
    visitor.choose("map_layer_study", "dense")
    assert re.match(r"128\b", visitor.text("caption")[0])
    visitor.choose("map_layer_study", "logits")
    assert re.match(r"10\b", visitor.text("caption")[0])
    assert visitor.complaints() == []


def test_an_edited_digit_is_compared_with_the_original(drawn: Visitor) -> None:
    drawn.go_to("feature_maps")
    sprites, digits = [], []
    for view in (feature_maps.CURRENT, feature_maps.ORIGINAL, feature_maps.DIFFERENCE):
        drawn.choose("map_view", view)
        assert drawn.complaints() == []
        assert drawn.component("unit_probe")["map_title"] == view
        sprites.append(drawn.component("maps_conv1")["sprite"])
        digits.append(drawn.component("unit_probe")["digit"]["rgb"])
    assert len(set(sprites)) == 3
    assert digits[0] != digits[1]
    assert digits[0] == digits[2]
    assert drawn.component("unit_probe")["scale"]["low"] < 0
    drawn.choose("map_layer_study", "dense")
    assert drawn.complaints() == []
    drawn.choose("map_layer_study", "conv1")
    drawn.press("digit_next")
    assert drawn.complaints() == []
    assert drawn.component("unit_probe")["map_title"] == feature_maps.MAP_TITLE


# --- Misclassified ---


@pytest.fixture(scope="module")
def mistakes() -> tuple[evaluation.Mistake, ...]:
    return cached.mistakes("study")


def test_all_mistakes_are_shown_and_counted(mistakes: tuple[evaluation.Mistake, ...]) -> None:
    visitor = Visitor("misclassified")
    assert len(visitor.component("mistakes")["captions"]) == len(mistakes)
    assert re.search(rf"\b{len(mistakes)} \w+ 10,000\b", visitor.text("markdown")[1])


def test_filters_narrow_the_mistakes_and_show_all_drops_them(
    mistakes: tuple[evaluation.Mistake, ...],
) -> None:
    visitor, one = Visitor("misclassified"), mistakes[0]
    visitor.choose("mistake_true", one.label)
    of_class = [m for m in mistakes if m.label == one.label]
    assert len(visitor.component("mistakes")["captions"]) == len(of_class)
    visitor.choose("mistake_answer", one.answer)
    of_pair = [m for m in of_class if m.answer == one.answer]
    assert len(visitor.component("mistakes")["captions"]) == len(of_pair)
    visitor.choose("mistake_answer", one.label)
    assert not visitor.shows("mistakes")
    assert visitor.text("info") == [misclassified_text.NO_SUCH_MISTAKE]
    visitor.press("show_all")
    assert len(visitor.component("mistakes")["captions"]) == len(mistakes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "value"),
    [
        (misclassified_text.MOST_CONFIDENT, lambda mistake: -mistake.confidence),
        (misclassified_text.LEAST_CONFIDENT, lambda mistake: mistake.confidence),
        (misclassified_text.LARGEST_MARGIN, lambda mistake: -mistake.margin),
        (misclassified_text.SMALLEST_MARGIN, lambda mistake: mistake.margin),
    ],
)
def test_mistakes_are_sorted(order: str, value, mistakes) -> None:  # type: ignore[no-untyped-def]
    visitor = Visitor("misclassified")
    visitor.choose("mistake_order", order)
    described = visitor.component("mistakes")["descriptions"]
    indices = [int(re.findall(r"\d+", text)[0]) for text in described]
    assert indices == [m.index for m in sorted(mistakes, key=value)]


def test_a_click_makes_a_mistake_the_current_digit() -> None:
    visitor = Visitor("misclassified")
    index = re.findall(r"\d+", visitor.component("mistakes")["descriptions"][2])[0]
    visitor.click_tile("mistakes", 2)
    assert said(visitor)[0] == image_name("digit", int(index))
    assert visitor.component("mistakes")["selected"] == 2
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    assert links == ["attention", "occlusion", "one_vs_two"]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["misclassified", "one_vs_two"])
def test_what_is_handed_over_to_the_eraser_keeps_its_network(page: str) -> None:
    visitor = Visitor(page)
    if page == "misclassified":
        visitor.click_tile("mistakes", 2)
    digit = visitor.card()
    visitor.press("erase_by_hand")
    assert visitor.text("title") == [DRAWING_TITLE]
    assert visitor.app.session_state["model"] == "study"
    assert visitor.component("digit_canvas")["eraser_calls"] == 1
    if page == "misclassified":
        assert visitor.card() == digit


@pytest.mark.slow
def test_a_page_says_why_it_begins_with_a_network_of_its_own() -> None:
    visitor = Visitor("draw_and_erase")
    said = pattern_of(sidebar.BEGUN_WITH)
    assert any(said.search(each.value) for each in visitor.app.sidebar.get("caption"))
    visitor.choose("model", "study")
    assert not any(said.search(each.value) for each in visitor.app.sidebar.get("caption"))


def test_the_tour_goes_on_where_the_study_cannot() -> None:
    visitor = Visitor("one_vs_two", model="course_cifar")
    links = [element.proto.page for element in visitor.app.main.get("page_link")]
    assert links == ["robustness"]


# --- One versus two ---


def test_the_slider_goes_through_the_five_steps() -> None:
    visitor = Visitor("one_vs_two")
    study = one_vs_two("study")
    for number, step in enumerate(study.steps, 1):
        visitor.choose("study_step", number)
        assert step.title in visitor.app.main.get("html")[0].proto.body
        assert visitor.answers()[0] == str(step.answer)
    assert visitor.complaints() == []
    text = "".join(visitor.text("markdown"))
    for finding in study.findings:
        assert finding.claim in text
        assert finding.measured in text


def test_a_step_can_be_erased_by_hand() -> None:
    visitor = Visitor("one_vs_two")
    visitor.press("erase_by_hand")
    assert visitor.text("title") == [DRAWING_TITLE]
    expected = np.rint(one_vs_two("study").steps[0].pixels[..., 0] * 255)
    sent = from_text(visitor.component("digit_canvas")["pixels"])
    np.testing.assert_array_equal(sent, expected)


def test_the_visitors_own_erasing_joins_the_story(drawn: Visitor) -> None:
    drawn.draw(SEVEN)
    drawn.go_to("one_vs_two")
    assert drawn.complaints() == []
    edits = [one_vs_two_views.EDIT.format(number=i) for i in (1, 2)]
    for title in (one_vs_two_views.BEFORE_EDITS, *edits):
        assert title in drawn.html()


# --- When something is missing ---


@pytest.fixture
def _fresh_caches() -> Iterator[None]:
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_results()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()
    forget_results()


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh_caches")
@pytest.mark.parametrize("page", PAGES)
def test_without_the_trained_network_a_page_says_how_to_get_it(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    (complaint,) = Visitor(page).complaints()
    assert "`git checkout pretrained`" in complaint
    assert "`python -m cnn_core.training study`" in complaint


@pytest.mark.slow
@pytest.mark.usefixtures("_fresh_caches")
@pytest.mark.parametrize("page", [page for page in PAGES if page not in NEED_NO_NETWORK])
def test_without_the_weights_alone_a_page_says_how_to_get_them(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("study.json", "study.predictions.npz"):
        (tmp_path / name).symlink_to(models.PRETRAINED / name)
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    (complaint,) = Visitor(page).complaints()
    assert complaint.startswith("study.weights.h5 ")
