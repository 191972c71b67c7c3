"""The wheel holds what the tree holds, and the rooms keep their promises about imports."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

import pytest
from rooms import ROOMS, ROOT

HEAVY = ("textual", "anthropic", "mcp", "sqlalchemy", "alembic", "numpy", "networkx", "onnxruntime")


def test_packages_list_every_folder_with_code() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        "retrospan." + ".".join(init.parent.relative_to(ROOT).parts)
        for room in ROOMS
        for init in (ROOT / room).rglob("__init__.py")
    }
    assert set(listed) == found
    assert len(listed) == len(set(listed))


def test_every_data_file_is_packed() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    tracked = subprocess.run(["git", "ls-files", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    forgotten = []
    for name in tracked.split():
        path = Path(name)
        home = next(folder for folder in path.parents if (ROOT / folder / "__init__.py").exists())
        inner = path.relative_to(home).as_posix()
        wanted = (*patterns["*"], *patterns.get("retrospan." + ".".join(home.parts), ()))
        if path.suffix != ".py" and not any(
            PurePosixPath(inner).match(pattern) and inner.count("/") == pattern.count("/") for pattern in wanted
        ):
            forgotten.append(name)
    assert forgotten == []


def test_every_python_file_lies_in_a_package() -> None:
    homeless = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    ]
    assert homeless == []


def test_type_checkers_see_every_room() -> None:
    links = {link.name: link.resolve() for link in (ROOT / ".typing" / "retrospan").iterdir()}
    assert links == {room: ROOT / room for room in ROOMS}


def loaded_by(statement: str) -> set[str]:
    script = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    return {name for name in HEAVY if name in out.split()}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (
            "import retrospan.store.reading.summaries, retrospan.store.traces.commit, retrospan.store.search.lines",
            set(),
        ),
        ("import retrospan.regression.pytest_plugin", set()),
        ("import retrospan.cli.main", set()),
        ("import retrospan.cli.traces.trace", set()),
    ],
)
def test_light_modules_load_nothing_heavy(statement: str, allowed: set[str]) -> None:
    assert loaded_by(statement) <= allowed


def test_nothing_committed_names_a_registry_or_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not tracked:
        pytest.skip("not a git checkout")
    banned = [
        "files.python" + "hosted.org",
        "pypi" + ".org/simple",
        "registry.npmjs" + ".org",
        "/work/" + "main",
        "/root/" + ".",
    ]
    found = []
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes().decode("utf-8", "replace")
            found += [f"{name}: {word}" for word in banned if word in text]
    assert found == []
