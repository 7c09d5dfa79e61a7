"""Visitors without a browser: they draw over websockets as the canvas does, and read the page."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from cnn_core import inference
from dashboard.widgets.canvas.codec import to_text

CANVAS = "cnn_lens_canvas"
ACKNOWLEDGEMENT = "cnn_lens_canvas_acknowledgement"
PATIENCE = 60.0  # s without a message until the server counts as stuck
RELOAD = 0.25  # s between two looks at a server that is still loading the network
WIDTH_OF_A_BAR = re.compile(r'<u style="width:([\d.]+)%"')
WIDEST_ERROR = 0.01  # percent; the page rounds to two decimals


@dataclass
class Shown:
    """What the page of one visitor shows.

    Attributes:
        percentages: (classes,) the lengths of the probability bars; empty while there are none.
        thumbnail: the picture in the sidebar, as the address of a PNG.
        num_edits: in the strip of edits.
    """

    percentages: np.ndarray
    thumbnail: str = ""
    num_edits: int = 0


class Tab:
    """One tab of the app.

    Attributes:
        num_bytes: received so far.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.num_bytes = 0
        self._socket = socket
        self._page = ""
        self._address = {"model": "study"}
        self._large: dict[tuple[int, ...], ForwardMsg] = {}

    async def _open(self, page: str) -> None:
        """Load a page, and now and then again until it is complete."""
        state = ClientState(page_name=page)
        while not self._is_complete():
            await self._rerun(state)
            while await self._receive() != "script_finished":
                pass
            await asyncio.sleep(RELOAD)
            state = ClientState(page_script_hash=self._page)

    def _is_complete(self) -> bool:
        raise NotImplementedError

    def _take(self, element: Element, fragment: str) -> None:
        """Remember what matters of an element."""
        raise NotImplementedError

    async def _rerun(self, state: ClientState) -> None:
        state.query_string = urlencode(self._address)
        state.cached_message_hashes.extend(message.hash for message in self._large.values())
        await self._socket.send(BackMsg(rerun_script=state).SerializeToString())

    async def _receive(self) -> str | None:
        """Take one message and give its kind."""
        data = await asyncio.wait_for(self._socket.recv(), PATIENCE)
        self.num_bytes += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        # As a browser does: what is large and known comes as a reference.
        if kind == "ref_hash":
            known = self._large.values()
            message = next(large for large in known if large.hash == message.ref_hash)
        elif message.metadata.cacheable:
            self._large[tuple(message.metadata.delta_path)] = message
        if kind == "navigation":
            self._page = message.navigation.page_script_hash
        if message.HasField("delta") and message.delta.HasField("new_element"):
            element = message.delta.new_element
            if element.WhichOneof("type") == "exception":
                raise RuntimeError(f"The page shows an exception: {element.exception.message}")
            self._take(element, message.delta.fragment_id)
        return kind


class Visitor(Tab):
    """One tab on the drawing page; `visit` opens it.

    Attributes:
        shown: what the page shows now.
        acknowledged: the number of the latest update that the page has followed.
    """

    def __init__(self, socket: ClientConnection, first_sequence: int) -> None:
        super().__init__(socket)
        self.shown = Shown(np.empty(0))
        self.acknowledged = 0
        self._sequence = first_sequence
        self._data: dict[str, object] = {}
        self._widget = self._fragment = ""

    async def open(self) -> None:
        """Load the page until the network answers."""
        await self._open("draw_and_erase")

    async def draw(self, levels: np.ndarray, *, is_final: bool) -> int:
        """Send a picture as the canvas does, (28, 28) uint8, and give the update's number."""
        self._sequence += 1
        text = to_text(levels)
        if is_final:
            self._address |= {"ink": text}
        stroke = {
            "digit": self._data["digit"],
            "revision": self._data["revision"],
            "sequence": self._sequence,
            "final": is_final,
            "pixels": text,
        }
        state = ClientState(fragment_id=self._fragment, page_script_hash=self._page)
        state.widget_states.widgets.add(id=self._widget, json_value=json.dumps({"stroke": stroke}))
        await self._rerun(state)
        return self._sequence

    async def follow(self, sequence: int) -> Shown:
        """Read until the page has followed an update, and give what it shows then."""
        while self.acknowledged < sequence:
            await self._receive()
        return self.shown

    def _is_complete(self) -> bool:
        return len(self.shown.percentages) > 0

    def _take(self, element: Element, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "bidi_component":
            component = element.bidi_component
            data = json.loads(component.json) if component.json else {}
            if component.component_name == CANVAS:
                self._widget, self._fragment, self._data = component.id, fragment, data
            elif component.component_name == ACKNOWLEDGEMENT:
                self.acknowledged = max(self.acknowledged, data["sequence"])
            elif "captions" in data:
                self.shown.num_edits = len(data["captions"])
        if kind == "html" and "cl-said" in element.html.body:
            widths = WIDTH_OF_A_BAR.findall(element.html.body)
            self.shown.percentages = np.array(widths, float)
        elif kind == "html" and "cl-card" in element.html.body:
            self.shown.thumbnail = element.html.body.split('src="')[1].split('"')[0]


class Reader(Tab):
    """One tab on the Attention page, of a digit of its own; `read` opens it.

    Attributes:
        classes: that can be asked for.
        num_charts: that came so far.
    """

    def __init__(self, socket: ClientConnection, levels: np.ndarray) -> None:
        super().__init__(socket)
        self.classes: list[str] = []
        self.num_charts = 0
        self._picker = ""
        self._address |= {"ink": to_text(levels)}

    async def open(self) -> None:
        """Load the page until it shows a map and its curves."""
        await self._open("attention")

    async def ask(self, name: str) -> tuple[float, float]:
        """Ask for the evidence for a class.

        Returns:
            Seconds until the map came, and until all that is known of it had come.
        """
        before, sent = self.num_charts, time.perf_counter()
        state = ClientState(page_script_hash=self._page)
        state.widget_states.widgets.add(id=self._picker, string_value=name)
        await self._rerun(state)
        while self.num_charts == before:
            await self._receive()
        came = time.perf_counter() - sent
        while await self._receive() != "script_finished":
            pass
        return came, time.perf_counter() - sent

    def _is_complete(self) -> bool:
        return self.num_charts > 1

    def _take(self, element: Element, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "selectbox" and element.selectbox.label == "Evidence for":
            self._picker = element.selectbox.id
            self.classes = [*element.selectbox.options][1:]  # the first one is the answer
        self.num_charts += kind == "plotly_chart"


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[ClientConnection]:
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        yield socket


@asynccontextmanager
async def visit(address: str, first_sequence: int = 0) -> AsyncIterator[Visitor]:
    """Open the drawing page of the app at an address and leave it at the end."""
    async with _connected(address) as socket:
        visitor = Visitor(socket, first_sequence)
        await visitor.open()
        yield visitor


@asynccontextmanager
async def read(address: str, levels: np.ndarray) -> AsyncIterator[Reader]:
    """Open the Attention page with a digit (28, 28) uint8 and leave it at the end."""
    async with _connected(address) as socket:
        reader = Reader(socket, levels)
        await reader.open()
        yield reader


def pictures(
    model: object, images: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures to draw, and the bars that they must lead to.

    Each is a mixture of two digits that the network is unsure about, so that hardly any two
    lead to the same bars.

    Args:
        model: the network of the app.
        images: (n, 28, 28, 1) float32 in [0, 1], the digits to mix.
        count: of pictures.
        seed: of the choice.

    Returns:
        (count, 28, 28) uint8, and the lengths of the bars (count, classes) in percent.
    """
    random = np.random.default_rng(seed)
    first, second = random.integers(len(images), size=(2, 4 * count))  # half of them are unsure
    mixed = (images[first, ..., 0] + images[second, ..., 0]) / 2
    levels = np.round(255 * mixed).astype(np.uint8)
    pixels = levels[..., None] / np.float32(255)
    percentages = 100 * inference.predict(model, pixels).probabilities
    unsure = np.flatnonzero(percentages.max(axis=1) < 95)[:count]
    return levels[unsure], percentages[unsure]


def is_shown(shown: Shown, expected: np.ndarray) -> bool:
    """Whether a page shows these bars (classes,)."""
    return shown.percentages.shape == expected.shape and bool(
        np.abs(shown.percentages - expected).max() <= WIDEST_ERROR
    )
