"""Small inputs after real reports, kept beside the repository: none of these runs failed by any signal."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.services.receiving.importing import import_paths
from retrospan.services.understanding.analysing import signals_of
from retrospan.store.opening import open_store
from shared_data import SHARED_DATA


@pytest.mark.parametrize(
    "case",
    [
        "09-claude-code-slash-commands/input.jsonl",
        "20-tool-output-as-user-turn/input.json",
        "22-values-in-code/input.json",
        "23-again-after-an-edit/input.json",
        "24-claimed-edit/input.json",
        "40-a-person-said-no/rejected.json",
        "40-a-person-said-no/approval.json",
    ],
)
def test_what_only_looks_like_a_failure_is_none(case: str, tmp_path: Path) -> None:
    assert _failures(case, tmp_path) == []


def test_a_command_that_failed_and_an_answer_that_hides_it_is_one(tmp_path: Path) -> None:
    found = _failures("48-codex-error-headline/input.jsonl", tmp_path)
    assert any(name == "tool_error" and "open.csv: No such file or directory" in reason for name, reason in found)


def _failures(case: str, tmp_path: Path) -> list[tuple[str, str]]:
    path = SHARED_DATA.parent / "cases" / case
    if not path.exists():
        pytest.skip(f"needs {case} of the shared cases")
    with open_store(tmp_path / "store.db") as store:
        ids = import_paths(store, [path]).trace_ids
        found = signals_of(store, ids)
        return [(item.signal, item.reason) for key in ids for item in found[key] if item.failure]
