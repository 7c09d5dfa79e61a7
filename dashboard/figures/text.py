"""Names of networks, layers and classes as text: a stranger's name is never markup."""

from __future__ import annotations

import re

# What Streamlit's Markdown gives a meaning: emphasis, links, code, HTML, LaTeX, directives, lists.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#|~$:&!]|^[-+=]|^\d+(?=[.)]))")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain(name: str) -> str:
    """Return Markdown that shows a name as the plain text it is."""
    return name if name.isalnum() else _MARKDOWN.sub(r"\\\1", " ".join(name.split()))


def as_plotly(name: str) -> str:
    """Return a label that Plotly, which reads some HTML and templates, shows as it is."""
    return name.translate(_HTML).replace("%{", "%&#123;")
