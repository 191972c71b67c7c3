"""Pages made from code are what the code would make now, and examples keep to their schemas."""

from __future__ import annotations

import importlib.util
import json
from difflib import unified_diff
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_generator", REFERENCE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current(generator: ModuleType) -> None:
    for path, text in generator.pages().items():
        held = path.read_text() if path.exists() else ""
        changes = list(unified_diff(held.splitlines(), text.splitlines(), path.name, "made now", lineterm="", n=0))
        assert changes == [], "run `just reference`"


def test_every_schema_has_an_example_that_keeps_to_it(generator: ModuleType) -> None:
    for name in generator.SCHEMAS:
        example = json.loads((REFERENCE / "examples" / f"{name}.json").read_text())
        jsonschema.validate(example, generator.schema(name))
