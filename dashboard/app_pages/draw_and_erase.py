"""Draw and erase: change the picture by hand and watch the answer and its evidence follow."""

import numpy as np
import streamlit as st

from cnn_core import models
from cnn_core.attribution.score import ClassScore
from cnn_core.errors import PictureError
from cnn_core.images import ReadPicture, read_digit, read_picture
from dashboard import cache, colours, components, flip_view, markup, runtime, sidebar, state
from dashboard.canvas import acknowledge
from dashboard.canvas.current import current_canvas
from dashboard.state import CurrentDigit, Edit
from dashboard.tiles import tiles


def pick_source() -> None:
    """Blank paper for a digit, the test picture, or a picture of the visitor's own."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if is_ink:
            paper = np.zeros(state.dataset().image_shape[:2], np.uint8)
            st.button(
                "Blank paper",
                icon=":material/check_box_outline_blank:",
                on_click=lambda: state.use_own_digit(paper),
            )
        st.button(
            f"Test {noun} {state.digit_index()}",
            icon=":material/undo:",
            help=f"Forget all edits and go back to the test {noun} chosen in the sidebar",
            on_click=state.return_to_test_digit,
        )
        components.picture_upload(take_picture)
    if problem := state.get("picture_problem"):
        st.error(problem, icon=":material/error:")
        state.put("picture_problem", None)  # said once; whatever the visitor does next, it is over


def take_picture(data: bytes) -> None:
    """Make a picture the current one; what is wrong with it is shown, the one before stays."""
    try:
        read = read_digit(data) if is_ink else read_picture(data, state.dataset().image_shape)
    except PictureError as error:
        state.put("picture_problem", str(error))
        return
    state.use_own_digit(colours.as_picture(read.pixels))
    state.put("picture_read", (state.current_digit().digit_id, read))


@st.fragment
@components.readable_errors()  # the fragment's own runs do not come through Home.py
def workbench(start: CurrentDigit) -> None:
    """The canvas and all that follows the pen; nothing else of the page runs while drawing.

    Args:
        start: the digit when the whole page ran last; the canvas keeps the strokes since then.
    """
    left, right = st.container(key="workbench").columns([5, 6], gap="large")
    with left:
        drawing = current_canvas(start)
    digit = state.current_digit()
    with right:
        if not runtime.is_ready():
            components.loading()
        elif is_ink and not digit.pixels.any():
            st.info("The paper is blank: draw a digit with mouse, finger, pen or keyboard.")
        else:
            show_answer(digit)
            if cache.is_compiled(state.model_name()):
                show_evidence(digit, is_final=drawing.is_final)
            else:
                components.preparing()
    if runtime.is_ready():
        show_edits(digit, is_final=drawing.is_final)
        if not is_ink or digit.pixels.any():
            flip_view.show(digit)
    sidebar.show_current_digit()
    acknowledge(drawing)


def show_answer(digit: CurrentDigit) -> None:
    """The answer now, and beside it the change since the original."""
    name = state.model_name()
    now = cache.prediction(name, digit.pixels)
    before = cache.prediction(name, digit.original) if digit.is_edited else None
    names = models.get(name).class_names
    first, second = np.argsort(-now.logits[0], kind="stable")[:2]
    margin = float(now.margins[0])
    st.html(
        f'<div class="cl-said cl-live">The network says <b>{names[first]}</b>'
        f"<span>{names[first]} over {names[second]}: "
        f"{markup.signed(margin, 1 if margin >= 0.1 else 2)} logits</span></div>"
        + markup.probability_bars(
            names,
            now.probabilities[0],
            before.probabilities[0] if before and digit.original.any() else None,
            marked=digit.label,
        )
    )


def show_evidence(digit: CurrentDigit, *, is_final: bool) -> None:
    """The attention and occlusion maps of the last time the pen was up; pale while it is down."""
    if is_final:
        state.put("evidence", (digit.digit_id, evidence(digit)))
    digit_id, shown = state.get("evidence", (None, ""))
    if digit_id == digit.digit_id:
        st.html(shown if is_final else f'<div class="cl-stale">{shown}</div>')


def evidence(digit: CurrentDigit) -> str:
    """Attention and occlusion for the answer, as two pictures."""
    name = state.model_name()
    answer = int(cache.prediction(name, digit.pixels).classes[0])
    class_name = models.get(name).class_names[answer]
    width = components.crisp_width(190)
    attention = cache.explanation(name, digit.pixels, "gradient_saliency", answer)
    covered = cache.occlusion_map(name, digit.pixels, *cache.live_patch(name))
    return markup.row(
        (
            markup.attention_figure(attention.heatmap, digit.pixels, class_name, width=width),
            markup.heatmap_figure(
                covered.heatmap(ClassScore(answer)),
                digit.pixels,
                is_signed=True,
                title="Occlusion",
                caption=f"red speaks for the {class_name}, blue against it",
                unit="logits",
                width=width,
            ),
        )
    )


def show_edits(digit: CurrentDigit, *, is_final: bool) -> None:
    """The strip of edits so far; a click goes back to one."""
    name = state.model_name()
    edits = state.edits()
    if any(edit.model != name for edit in edits):
        edits = [answered(edit.pixels) for edit in edits]
        state.replace_edits(edits)
    is_known = any(np.array_equal(edit.pixels, digit.pixels) for edit in edits)
    # Not only what was drawn just now: also what came with the address, or before TensorFlow did.
    if is_final and digit.is_edited and not is_known:
        if not edits:
            state.remember_edit(answered(digit.original))
        state.remember_edit(answered(digit.pixels))
    if not edits:
        return
    st.html('<div class="cl-label">Your edits so far; a click goes back to one</div>')
    same = [i for i, edit in enumerate(edits) if np.array_equal(edit.pixels, digit.pixels)]
    classes = models.get(name).class_names
    answers = [classes[edit.answer] for edit in edits]
    picked = tiles(
        [colours.as_picture(edit.pixels) for edit in edits],
        [caption(*pair) for pair in zip(answers, edits, strict=True)],
        key="edits",
        size=components.crisp_width(56),
        selected=same[-1] if same else None,
        descriptions=[f"Edit {i}: read as {answer}" for i, answer in enumerate(answers)],
    )
    if picked is not None:
        state.set_drawing(colours.as_picture(edits[picked].pixels))
        st.rerun()


def caption(answer: str, edit: Edit) -> str:
    """What the network says to an edit, a long name on a line of its own."""
    between = "\n" if len(answer) > 1 else " · "
    return f"{answer}{between}{markup.probability(edit.confidence)}"


def answered(pixels: np.ndarray) -> Edit:
    """A picture with the network's answer to it."""
    name = state.model_name()
    said = cache.prediction(name, pixels)
    return Edit(pixels, name, int(said.classes[0]), float(said.confidences[0]))


def show_reading(read: ReadPicture) -> None:
    """Each step from the visitor's picture to what the network sees."""
    with st.expander("How your picture was read", expanded=True):
        figures = (
            markup.figure(
                step.picture, f"{step.title}. {step.help}", width=112, description=step.title
            )
            for step in read.steps
        )
        st.html(f'<div class="cl-steps">{markup.row(figures)}</div>')
        for note in read.notes:
            st.caption(note)


is_ink, noun = state.dataset().is_ink, state.dataset().noun
components.intro(
    "Draw and erase",
    "Draw with the pen or take ink away with the eraser: the answer follows while you move, the "
    "two maps when you lift the pen. Try to turn one digit into another with as little as you can."
    if is_ink
    else f"Cover a part of the {noun} with the eraser's even grey, or paint on it with the pen: "
    "the answer follows while you move, the two maps when you lift the pen. Try to change the "
    "answer with as little as you can.",
)
pick_source()
workbench(state.current_digit())
digit_id, picture_read = state.get("picture_read", (None, None))
if picture_read is not None and digit_id == state.current_digit().digit_id:
    show_reading(picture_read)
if is_ink:
    with components.readable_errors():  # without the figures the page goes on
        flip_view.show_study()
components.next_page("app_pages/attention.py", "Next: which pixels the answer rests on")
