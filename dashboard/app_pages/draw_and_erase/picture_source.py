"""Where the picture on the canvas comes from: blank paper, the test set, or the visitor."""

from __future__ import annotations

import numpy as np
import streamlit as st
from markupsafe import Markup

from cnn_core.errors import PictureError
from cnn_core.images import read_digit, read_picture
from dashboard import session
from dashboard.figures import html, pictures

_PROBLEM, _READ = "picture_problem", "picture_read"


def pick() -> None:
    """Blank paper for a digit, the test picture, or a picture of the visitor's own."""
    dataset = session.dataset()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if dataset.background == "paper":
            paper = np.zeros(dataset.image_shape[:2], np.uint8)
            st.button(
                "Blank paper",
                key="blank_paper",
                icon=":material/check_box_outline_blank:",
                on_click=lambda: session.use_own_image(paper),
            )
        st.button(
            session.image_name(dataset.noun, session.image_index()),
            key="test_image",
            icon=":material/undo:",
            help=f"Forget all edits and go back to the test {dataset.noun} chosen in the sidebar",
            on_click=session.return_to_test_image,
        )
        _upload()
    if problem := session.get(_PROBLEM):
        st.error(problem, icon=":material/error:")
        session.put(_PROBLEM, None)  # said once; whatever the visitor does next, it is over


def show_reading() -> None:
    """Show how the visitor's picture was read, step by step, while it is current."""
    digit_id, read = session.get(_READ, (None, None))
    if read is None or digit_id != session.current_image().digit_id:
        return
    with st.expander("How your picture was read", expanded=True):
        figures = (
            html.figure(
                step.picture, f"{step.title}. {step.help}", width=112, description=step.title
            )
            for step in read.steps
        )
        st.html(Markup('<div class="cl-steps">{}</div>').format(html.row(figures)))
        for note in read.notes:
            st.caption(note)


def _upload() -> None:
    """Show a button for a file or a photograph, whose bytes are dropped at once."""
    # New keys close the popover and empty its widgets, so no stranger's bytes stay in memory.
    turn = session.get("upload_turn", 0)

    def taken(key: str) -> None:
        uploaded = session.get(key)
        if uploaded is not None:
            session.put("upload_turn", turn + 1)
            _take(uploaded.getvalue())

    upload, camera = f"upload_{turn}", f"camera_{turn}"
    with st.popover("Your picture", icon=":material/add_a_photo:", key=f"picture_{turn}"):
        st.file_uploader(
            "A picture: PNG, JPEG, WebP, BMP, GIF or TIFF",
            key=upload,
            on_change=taken,
            args=(upload,),
        )
        if st.toggle("Use the camera", key="use_camera"):
            st.camera_input("A photograph", key=camera, on_change=taken, args=(camera,))


def _take(data: bytes) -> None:
    """Make a picture the current one; what is wrong with it is shown, the one before stays."""
    dataset = session.dataset()
    try:
        if dataset.background == "paper":
            read = read_digit(data)
        else:
            read = read_picture(data, dataset.image_shape)
    except PictureError as error:
        session.put(_PROBLEM, str(error))
        return
    session.use_own_image(pictures.as_picture(read.pixels))
    session.put(_READ, (session.current_image().digit_id, read))
