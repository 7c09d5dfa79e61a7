"""Where the project and its app stand."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "dashboard" / "Home.py"
# For processes of their own. The root first: tests/ has folders named like the packages.
SEARCH_PATH = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
