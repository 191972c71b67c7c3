"""What a version is called decides what it is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from retrospan.model.errors import UsageError
from retrospan.regression.targets.versions import VersionKind, read_version


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "--allow-empty", "-m", "first"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    (tmp_path / "runs.jsonl").write_text("{}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("main", VersionKind.GIT, "main"),
        ("git:HEAD", VersionKind.GIT, "HEAD"),
        (".", VersionKind.PYTHON, ""),
        ("myapp.agent:run", VersionKind.PYTHON, "myapp.agent:run"),
        ("python:agent:run", VersionKind.PYTHON, "agent:run"),
        ("cmd:python agent.py", VersionKind.COMMAND, "python agent.py"),
        ("https://localhost:8000/run", VersionKind.HTTP, "https://localhost:8000/run"),
        ("version:v3", VersionKind.RECORDED, "version:v3"),
        ("runs:project:shop since:7d", VersionKind.RECORDED, "project:shop since:7d"),
        ("v3", VersionKind.RECORDED, 'version:"v3"'),
        ("E3", VersionKind.EXPERIMENT, "E3"),
        ("runs.jsonl", VersionKind.FILE, "runs.jsonl"),
    ],
)
def test_kinds(repository: Path, text: str, kind: VersionKind, value: str) -> None:
    found = read_version(text, repository)
    assert (found.kind, found.value, found.text) == (kind, value, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" ", "no name"),
        ("git:", "names nothing"),
        ("git:nowhere", "newest: main"),
        ("git:--upload-pack=x", "Git knows no commit"),
        ("python:agent.py", "module:function"),
        ("file:missing.jsonl", "No file"),
    ],
)
def test_what_is_not_there_is_explained(repository: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_version(text, repository)
