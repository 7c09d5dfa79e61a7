"""Work for a cluster, in a module that its workers can import."""

from __future__ import annotations

import os
from typing import Any


def square(number: int) -> dict[str, Any]:
    return {"square": number**2, "process": os.getpid()}
