"""The examples in the docstrings of the library, run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import cnn_core

FOUND = pkgutil.walk_packages(cnn_core.__path__, "cnn_core.")
MODULES = [found.name for found in FOUND if not found.name.endswith("__main__")]
NUM_EXAMPLES = 31  # functions with an example, at least


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_the_public_doors_have_examples() -> None:
    finder, modules = doctest.DocTestFinder(), map(importlib.import_module, MODULES)
    examples = [test for module in modules for test in finder.find(module) if test.examples]
    assert len(examples) >= NUM_EXAMPLES
