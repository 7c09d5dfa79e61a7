"""Sentences of the app that were made from a template."""

from __future__ import annotations

import re
from string import Formatter


def pattern_of(template: str, **known: object) -> re.Pattern[str]:
    """Match a sentence made from a template, whatever stands in the fields that are not given."""
    pieces = []
    for words, field, spec, _ in Formatter().parse(template):
        pieces.append(re.escape(words))
        if field in known:
            pieces.append(re.escape(format(known[field], spec or "")))
        elif field is not None:
            pieces.append(".*?")
    return re.compile("".join(pieces))
