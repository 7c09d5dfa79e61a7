"""Drawing as a first Streamlit app does it, for bench_browser.py to compare with.

The model is cached, and that is all: the whole script runs for each stroke, model.predict
answers, Streamlit draws the chart, and nothing is done about what it does after each run.
"""

import keras
import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.inference import softmax
from dashboard.widgets.canvas import StartingPicture, acknowledge, digit_canvas


@st.cache_resource
def load_model() -> keras.Model:
    """The same network as in the app."""
    return models.load_pretrained("study")


@st.cache_data
def load_digit() -> np.ndarray:
    """The digit that the app starts with."""
    return np.round(255 * datasets.load("mnist", split="test").images[1, ..., 0]).astype(np.uint8)


digit = load_digit()
st.title("Draw and erase")
drawing = digit_canvas(StartingPicture(digit, digit, "test-1"))
logits = load_model().predict(drawing.pixels[None, ..., None] / np.float32(255), verbose=0)[0]
st.html(f'<div class="cl-said">{logits.argmax()}, {logits.max():.6f}</div>')
st.bar_chart(softmax(logits))
acknowledge(drawing)
