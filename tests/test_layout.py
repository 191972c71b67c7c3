"""The tree keeps to its floor plan: rooms of a size one can take in, and one word for one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rooms import ROOMS, ROOT

MOST_MODULES = 24
"""In one folder; more than that and nobody finds anything by looking."""
TAKEN = {
    "claims": {"store.reviews.claims"},
    "completions": {"store.reviews.completions", "trust.completions"},
    "evidence": {"agents.evidence", "tui.evidence"},
    "mapping": set(),
    "table": set(),
    "telling": set(),
    "utils": set(),
    "helpers": set(),
    "common": set(),
    "misc": set(),
}
"""Words that once meant several things, or nothing, and the modules that may bear them."""


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the product by its dotted name below the package."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.name != "__init__.py":
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def test_no_folder_holds_more_than_one_takes_in() -> None:
    folders = {path.parent for _, path in modules()}
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in folders
        if (count := sum(entry.name != "__init__.py" for entry in folder.glob("*.py"))) > MOST_MODULES
    }
    assert crowded == {}


def test_a_word_names_one_thing() -> None:
    found = [name for name, _ in modules() if name not in TAKEN.get(name.rpartition(".")[2], {name})]
    assert found == []


def test_every_folder_says_what_it_is_for() -> None:
    silent = [
        str(init.relative_to(ROOT))
        for room in ROOMS
        for init in (ROOT / room).rglob("__init__.py")
        if not init.read_text().startswith('"""')
    ]
    assert silent == []


def test_modules_stay_small() -> None:
    large = {name: lines for name, path in modules() if (lines := path.read_text().count("\n")) > 350}
    assert large == {}


def test_the_layout_page_names_every_room_and_no_other() -> None:
    page = (ROOT / "docs" / "design" / "layout.md").read_text()
    assert [room for room in ROOMS if room != "examples" and f"`{room}/`" not in page] == []


def test_the_walks_name_modules_that_exist() -> None:
    page = (ROOT / "docs" / "design" / "layout.md").read_text()
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)", page)
    assert named and [name for name in named if not (ROOT / name).exists()] == []
