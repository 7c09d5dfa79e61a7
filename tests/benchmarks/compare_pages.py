"""The same on every page? Records what two checkouts show, without a browser, and compares it.

python tests/benchmarks/compare_pages.py record CHECKOUT OUT.json.gz
python tests/benchmarks/compare_pages.py compare OLD.json.gz NEW.json.gz
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

# A 7 in grey and black, as the address writes a drawing of the visitor's own.
SEVEN = (
    "ALD_______________8AEP_______________wAZgP_IABmA_8gAGID_yAAZgP_IABiA_8gAGYD_yAAYgP_IABmA_8gAGID"
    "_yAAZgP_IABiA_8gAGYD_yAAYgP_IABmA_8gAtg"
)
NETWORKS = ("study", "robust", "lenet5", "cifar_deep")
PICTURES = ({"digit": "1"}, {"digit": "7"}, {"own": SEVEN})
MOST_RUNS = 900  # of one page until nothing is on its way; a run waits up to 1 s for each thread
# The tests of a map stop when the clock says so; this button, pressed, makes them whole.
FINISH = {"Test it to the end", "test_to_the_end"}  # its label in 0.2.0, then its key

# Fields that are not recorded, with the reason.
NAME, FILE = "names a part for the program, not for the visitor", "a file, or what stands in it"
LEFT_OUT = {
    **dict.fromkeys(("id", "key", "form_id", "page_script_hash", "query_param_key", "uid"), NAME),
    **dict.fromkeys(("canvas", "slider", "scatter", "film", "replay", "component_name"), NAME),
    **dict.fromkeys(("js_source_path", "css_source_path", "url", "stack_trace"), FILE),
    **dict.fromkeys(("js_content", "css_content", "html_content"), FILE),
    **dict.fromkeys(("template", "config"), "the look of all charts, without a figure"),
    "overlay": "an option of the linked map that was 0 everywhere and is gone",
}
# Arrays that a component is sent as base64.
PACKED = {
    **dict.fromkeys(("values", "points", "probabilities"), "<f4"),
    **dict.fromkeys(("labels", "answers", "rgb"), "u1"),
    "indices": "<u4",
}


class Reader(HTMLParser):
    """Collects the texts, the attributes that are seen or read aloud, and the pictures."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and value.startswith("data:image/"):
                self.found.append(pixels_of(value))
            elif value and name not in ("class", "id", "role", "tabindex"):
                self.found.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        if data.strip() and self.cdata_elem is None:  # no style sheet
            self.found.append(" ".join(data.split()))


def pixels_of(address: str) -> np.ndarray:
    """Return the pixels of a picture that is a data address."""
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture)


def shown(element: Any) -> Iterator[str | np.ndarray]:
    """Return the texts and the arrays of an element, or the label of a container."""
    if hasattr(element, "children"):
        label = getattr(element.proto, "label", "")
        yield from [f"label={label}"] if label else []
    elif element.type in ("dataframe", "table"):
        yield from in_json(json.loads(element.value.to_json(orient="split")))
    else:
        yield from in_message(element.proto, element.type)
    if element.type in ("button_group", "multiselect", "selectbox"):
        chosen = [element.index] if element.type == "selectbox" else element.indices
        yield f"value={[element.options[i] for i in chosen if i is not None]}"
    elif element.type in ("number_input", "slider", "select_slider", "toggle", "checkbox"):
        yield f"value={element.value}"


def in_message(message: Any, kind: str) -> Iterator[str | np.ndarray]:
    """Return the texts and the arrays of Streamlit's message for an element."""
    for field, value in message.ListFields():
        if field.name in LEFT_OUT or isinstance(value, bytes):
            continue
        for each in list(value) if field.is_repeated else [value]:
            if hasattr(each, "ListFields"):
                yield from in_message(each, kind)
            elif field.name in ("json", "spec") or (kind, field.name) == ("json", "body"):
                yield from in_json(json.loads(each))
            elif field.name == "body" and (kind == "html" or getattr(message, "allow_html", False)):
                yield from Reader(each).found
            else:
                yield f"{field.name}={each}"


def in_json(node: Any, name: str = "") -> Iterator[str | np.ndarray]:
    """Return the texts and the arrays of a chart or of a component's data."""
    if isinstance(node, dict) and "bdata" in node:
        flat = np.frombuffer(base64.b64decode(node["bdata"]), node["dtype"])
        yield flat.reshape([int(side) for side in str(node.get("shape", "-1")).split(",")])
    elif isinstance(node, dict):
        for key in sorted(node.keys() - LEFT_OUT.keys()):
            yield from in_json(node[key], key)
    elif isinstance(node, list) and is_numeric(node):
        yield np.array(node, np.float64)
    elif isinstance(node, list):
        for each in node:
            yield from in_json(each)
    elif isinstance(node, str) and node.startswith("data:image/"):
        yield pixels_of(node)
    elif isinstance(node, str) and name in PACKED:
        yield np.frombuffer(base64.b64decode(node), PACKED[name])
    elif type(node) in (int, float):
        yield np.array(node, np.float64)
    elif node is not None:
        yield str(node)


def is_numeric(node: list[Any]) -> bool:
    """Return True for numbers and gaps alone, in nested lists of one shape."""
    try:
        leaves = np.array(node, object).ravel()
    except ValueError:
        return False
    return {type(each) for each in leaves} - {type(None)} in ({int}, {float}, {int, float})


class Walker:
    """One visitor of the app; every gesture lasts until nothing is on its way."""

    def __init__(self, home: Path, **address: str) -> None:
        from streamlit.testing.v1 import AppTest

        self.app = AppTest.from_file(home, default_timeout=900)
        self.app.query_params.update(address)
        self.settle(self.app.run)

    def controls(self, with_methods: bool) -> dict[tuple[str, int], Any]:
        """Return the segmented controls, and the picker of methods, by label and occurrence."""
        counts: Counter[str] = Counter()
        found = {}
        pickers = [each for each in self.app.main.get("selectbox") if each.label == "Method"]
        for each in (*self.app.main.get("button_group"), *(pickers if with_methods else ())):
            if not each.disabled:
                found[each.label, counts[each.label]] = each
                counts[each.label] += 1
        return found

    def choose(self, control: Any, option: str) -> None:
        """Choose an option by its text, as the browser does."""
        states = self.app._tree.get_widget_states()
        (state,) = (each for each in states.widgets if each.id == control.id)
        if control.type == "selectbox":
            state.string_value = option
        else:
            state.string_array_value.data[:] = [option]
        self.settle(lambda: self.app._run(states))

    def settle(self, run: Callable[[], Any]) -> None:
        """Run the app, and again until the page is whole."""
        main = sys.modules["__main__"]
        for _ in range(MOST_RUNS):
            run()
            sys.modules["__main__"] = main  # a process started later would run AppTest's again
            run = self.app.run
            finish = [each for each in self.app.button if FINISH & {each.label, each.key}]
            html = "".join(each.proto.body for each in self.app.get("html"))
            if finish:
                run = finish[0].click().run
            elif 'class="cl-loading"' in html or self.app.get("progress"):
                for thread in threading.enumerate():
                    if not thread.daemon and thread is not threading.current_thread():
                        thread.join(1)
            else:
                return
        raise TimeoutError("A page is still loading")


def views(
    walker: Walker, with_methods: bool, known: frozenset[tuple[str, int]] = frozenset()
) -> Iterator[str]:
    """Choose every option of every control, and of the controls that an option brings."""
    before = walker.controls(with_methods)
    for name in [each for each in before if each not in known]:
        chosen = before[name].index if name[0] == "Method" else before[name].indices[0]
        options = before[name].options
        for option in (*options[:chosen], *options[chosen + 1 :]):
            walker.choose(walker.controls(with_methods)[name], option)
            yield f"{name[0]}: {option}"
            for inner in views(walker, with_methods, known | before.keys()):
                yield f"{name[0]}: {option}, {inner}"
        walker.choose(walker.controls(with_methods)[name], options[chosen])


def walk(checkout: Path) -> dict[str, Any]:
    """Record every page of a checkout, whose modules this process imports."""
    import cnn_core
    from cnn_core import datasets, models

    assert Path(cnn_core.__file__).is_relative_to(checkout), cnn_core.__file__
    home, arrays, visits = checkout / "dashboard" / "Home.py", {}, {}
    sys.path.append(str(home.parent))  # as `streamlit run` does
    files = sorted((home.parent / "app_pages").glob("*/page.py"))
    pages = {path.parent.name: path for path in files} or {
        path.stem: path for path in sorted((home.parent / "app_pages").glob("[!_]*.py"))
    }

    def record(page: str, visit: str) -> None:
        elements = []
        for element in walker.app._tree:
            items = list(shown(element)) if element.type != "root" else []
            for i, array in enumerate(items):
                if isinstance(array, np.ndarray):
                    stored = [array.dtype.str, array.shape, base64.b64encode(array.tobytes())]
                    stored[2] = stored[2].decode("ascii")
                    items[i] = [hashlib.sha256(repr(stored).encode()).hexdigest()]
                    arrays[items[i][0]] = stored
            elements += [[element.type, items]] if items else []
        visits[f"{page} | {visit}"] = elements
        print(f"{time.monotonic() - begun:6.0f} s  {page} | {visit}", file=sys.stderr, flush=True)

    begun = time.monotonic()
    for network in NETWORKS:
        dataset = datasets.get(models.get(network).dataset)
        if datasets.find(dataset.name) is None:
            print(f"Left out: {network}, whose data CNN_LENS_DATA does not hold", file=sys.stderr)
            continue
        # A photograph is too long for an address.
        for picture in PICTURES if dataset.image_shape == (28, 28, 1) else PICTURES[:2]:
            walker = Walker(home, model=network, **picture)
            visit = f"{network}, {'own drawing' if 'own' in picture else picture['digit']}"
            for page, path in pages.items():
                walker.settle(walker.app.switch_page(str(path.relative_to(home.parent))).run)
                record(page, visit)
                is_first = (network, picture) == (NETWORKS[0], PICTURES[0])
                for view in views(walker, with_methods=is_first and page == "attention"):
                    record(page, f"{visit}, {view}")
    return {"visits": visits, "arrays": arrays}


def record(checkout: Path, out: Path) -> None:
    """Record a checkout in a process of its own, without results that another computed."""
    with tempfile.TemporaryDirectory() as cache:
        paths = {"PYTHONPATH": str(checkout), "XDG_CACHE_HOME": cache}
        command = (sys.executable, "-P", __file__, "walk", str(checkout), str(out))
        subprocess.run(command, cwd=checkout, env={**os.environ, **paths}, check=True)


def differences(old: np.ndarray, new: np.ndarray) -> tuple[float, float]:
    """Return the largest absolute difference, and its share of the largest magnitude."""
    if not np.array_equal(np.isfinite(old), np.isfinite(new)):
        return np.inf, np.inf
    old, new = (np.nan_to_num(each, posinf=0, neginf=0) for each in (old, new))
    absolute = float(np.abs(old - new).max(initial=0))
    return absolute, absolute / max(float(np.abs(old).max(initial=0)), 1e-30)


def compare(old_path: Path, new_path: Path, tolerance: float) -> int:
    """Print per page what was compared and what differs; return 1 if anything does."""
    sides = [json.loads(gzip.decompress(path.read_bytes())) for path in (old_path, new_path)]
    (old, old_arrays), (new, new_arrays) = ((side["visits"], side["arrays"]) for side in sides)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    largest: dict[str, tuple[float, ...]] = defaultdict(lambda: (0.0, 0.0))
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def numbers(stored: list[Any]) -> np.ndarray:
        kind, shape, text = stored
        return np.frombuffer(base64.b64decode(text), kind).reshape(shape).astype(np.float64)

    def outline(elements: list[Any], arrays: dict[str, Any]) -> list[str]:
        return [
            f"{kind}: {item if isinstance(item, str) else f'array {arrays[item[0]][1]}'}"
            for kind, items in elements
            for item in items
        ]

    for name in old | new:
        page, visit = name.split(" | ")
        if name not in old or name not in new:
            found[page][f"visited in {'old' if name in old else 'new'} alone"].append(visit)
            continue
        said, says = outline(old[name], old_arrays), outline(new[name], new_arrays)
        before, after = ([i for _, items in side[name] for i in items] for side in (old, new))
        counts[page].update(elements=len(old[name]), texts=sum(type(i) is str for i in before))
        blocks = [("equal", 0, len(said), 0, len(says))]
        if said != says:
            blocks = SequenceMatcher(None, said, says, autojunk=False).get_opcodes()
        for kind, i, j, k, m in blocks:
            if kind != "equal":
                lines = [*(f"- {text}" for text in said[i:j]), *(f"+ {text}" for text in says[k:m])]
                found[page]["\n      ".join(lines)].append(visit)
                continue
            for where, one, two in zip(said[i:j], before[i:j], after[k:m], strict=True):
                if isinstance(one, list):
                    array = numbers(old_arrays[one[0]])
                    counts[page]["numbers"] += array.size
                    if one != two:
                        gaps = differences(array, numbers(new_arrays[two[0]]))
                        largest[page] = tuple(map(max, zip(largest[page], gaps, strict=True)))
                        if gaps[1] > tolerance:
                            text = f"{where}: differs by {gaps[0]:.3g}, relative {gaps[1]:.3g}"
                            found[page][text].append(visit)
    for page in sorted(counts.keys() | found.keys()):
        absolute, relative = largest[page]
        print(
            f"{page}:",
            *(f"{counts[page][kind]} {kind}," for kind in ("elements", "texts")),
            end=" ",
        )
        print(f"{counts[page]['numbers']} numbers; largest difference {absolute:.3g}, ", end="")
        print(f"relative {relative:.3g}")
        for text, at in found[page].items():
            print(f"  {at[0]}" + f" and {len(at) - 1} more" * (len(at) > 1) + f"\n      {text}")
    reasons = {
        why: [name for name in LEFT_OUT if LEFT_OUT[name] == why] for why in LEFT_OUT.values()
    }
    print(
        "Left out:", *(f"  {', '.join(names)}: {why}" for why, names in reasons.items()), sep="\n"
    )
    print(f"{sum(map(len, found.values()))} differences in {len(old | new)} visits")
    return 1 if any(found.values()) else 0


def main() -> int:
    """Record or compare."""
    parser = argparse.ArgumentParser(description="Do two checkouts show the same on every page?")
    parser.add_argument("command", choices=("record", "walk", "compare"))
    parser.add_argument("first", type=Path, help="checkout to record, or the old record")
    parser.add_argument("second", type=Path, help="file to write, or the new record")
    parser.add_argument(
        "--tolerance", type=float, default=1e-5, help="of an array's largest number"
    )
    given = parser.parse_args()
    first, second = given.first.resolve(), given.second.resolve()
    if given.command == "compare":
        return compare(first, second, given.tolerance)
    if given.command == "record":
        record(first, second)
    else:  # `record`, in its own process
        second.write_bytes(gzip.compress(json.dumps(walk(first)).encode()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
