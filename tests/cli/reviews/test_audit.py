"""`retrospan audit verify` tells a sound history from one that was tampered with."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from retrospan.cli.main import main
from retrospan.store.contract import Store
from reviewdesk import Desk


def run(capsys: pytest.CaptureFixture[str], store: Store, *args: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "--store", str(store.location), *args])
    return int(str(ended.value.code)), capsys.readouterr().out


def test_sound_history_prints_its_head(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(store)
    desk.decide(desk.reviewer())

    code, out = run(capsys, store, "--json")

    assert code == 0
    assert (json.loads(out)["sound"], json.loads(out)["links"]) == (True, 2)
    assert run(capsys, store, "--checkpoint", json.loads(out)["head"])[0] == 0


def test_problem_is_told_with_exit_code_one(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, store, "--checkpoint", "ab" * 32)

    assert code == 1
    assert "rolled back" in out and "NOT sound" in out


def test_trust_asks_on_a_terminal_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    (tmp_path / "retrospan.toml").write_text("[tool.retrospan]\n")

    with pytest.raises(SystemExit) as ended:
        main(["trust", str(tmp_path)])

    assert ended.value.code == 1
    assert "terminal" in capsys.readouterr().err
