"""Names of networks, layers and classes as text: a stranger's name is never markup."""

from __future__ import annotations

import re

# What Streamlit's Markdown gives a meaning: emphasis, links, code, HTML, LaTeX, directives, lists.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#|~$:&!]|^[-+=]|(?<=^\d)[.])")
# Addresses and icons are looked for when the backslashes are gone: a word joiner parts them.
_PARTED = re.compile(r"(?<=http)(?=s?:)|(?<=www)(?=\.)|(?=@)|(?<=:)(?=material)", re.IGNORECASE)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain(name: str) -> str:
    """Return Markdown that shows a name as the plain text it is."""
    if name.isalnum():
        return name
    return _MARKDOWN.sub(r"\\\1", _PARTED.sub("\u2060", " ".join(name.split())))


def as_plotly(name: str) -> str:
    """Return a label that Plotly, which reads some HTML and templates, shows as it is."""
    return name.translate(_HTML).replace("%{", "%&#123;")
