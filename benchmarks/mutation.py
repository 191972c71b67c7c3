"""Do the tests notice when the heart of the product is changed? Small edits, made by cosmic-ray, a fair sample a room.

    python benchmarks/mutation.py [--each 30] [--room analysis/alignment.py …]

Each room is mutated in a clone of this checkout and its tests are run: killed is a mutant that some test notices, or
that never ends. Survivors are named, for a person to judge: some change nothing that anybody could see.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from intervals import rate

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261130
ROOMS: Mapping[str, Sequence[str]] = {
    "analysis/alignment.py": ("tests/analysis/test_alignment.py",),
    "analysis/suspects.py": ("tests/analysis/test_suspects.py",),
    "store/traces/commit.py": ("tests/store/traces", "tests/store/contract"),
    "model/reading/folding.py": ("tests/model", "tests/store/traces"),
    "trust/verdicts.py": ("tests/trust", "tests/services/reviewing/test_deciding.py"),
    "services/reviewing/deciding.py": ("tests/services/reviewing",),
    "regression/checks.py": ("tests/regression/test_checks.py",),
    "ingest/conventions/genai.py": ("tests/ingest/conventions/test_genai.py",),
}
"""What is mutated, and the tests that have to notice."""
_TELLING = (
    *("ReplaceComparisonOperator_", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot", "NumberReplacer"),
    *("ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Add_Sub", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *(
        "ReplaceContinueWithBreak",
        "ReplaceBreakWithContinue",
        "ZeroIterationForLoop",
        "ReplaceUnaryOperator_Delete_Not",
    ),
)
"""Operators whose mutants a person could have written; `-` for `>>` nobody writes."""
_SECONDS = 90.0


class Mutated(NamedTuple):
    """What became of the mutants of one room."""

    room: str
    killed: int
    survivors: list[str]

    @property
    def told(self) -> int:
        return self.killed + len(self.survivors)


def mutate(room: str, tests: Sequence[str], each: int, clone: Path) -> Mutated:
    """Try a sample of mutants of one room in the clone."""
    config, session = clone / "mutation.toml", clone / "mutation.sqlite"
    session.unlink(missing_ok=True)
    command = (
        f"{sys.executable} -m pytest -x -q -p no:cacheprovider {' '.join(t for t in tests if (clone / t).exists())}"
    )
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{room}"\ntimeout = {_SECONDS}\nexcluded-modules = []\n'
        f'test-command = "{command}"\n[cosmic-ray.distributor]\nname = "local"\n'
    )
    environment = {**os.environ, "PYTHONPATH": str(clone / ".typing"), "PYTHONDONTWRITEBYTECODE": "1"}
    tool = str(Path(sys.executable).with_name("cosmic-ray"))
    subprocess.run(
        [tool, "init", config.name, session.name], cwd=clone, env=environment, check=True, capture_output=True
    )
    _keep_sample(session, each)
    subprocess.run(
        [tool, "exec", config.name, session.name], cwd=clone, env=environment, check=True, capture_output=True
    )
    return _outcome(room, session)


def _keep_sample(session: Path, each: int) -> None:
    with sqlite3.connect(session) as con:
        rows = con.execute("SELECT job_id, operator_name FROM mutation_specs ORDER BY job_id").fetchall()
        known = [job for job, name in rows if name.partition("/")[2].startswith(_TELLING)]
        kept = set(random.Random(SEED).sample(sorted(known), min(each, len(known))))
        for job, _ in rows:
            if job not in kept:
                con.execute("DELETE FROM mutation_specs WHERE job_id = ?", (job,))
                con.execute("DELETE FROM work_items WHERE job_id = ?", (job,))


def _outcome(room: str, session: Path) -> Mutated:
    with sqlite3.connect(session) as con:
        rows = con.execute(
            "SELECT s.operator_name, s.start_pos_row, r.test_outcome FROM mutation_specs s "
            "JOIN work_results r ON r.job_id = s.job_id ORDER BY s.start_pos_row"
        ).fetchall()
    survivors = [
        f"{room}:{line} {name.partition('/')[2]}" for name, line, outcome in rows if "SURVIVED" in outcome.upper()
    ]
    return Mutated(room, len(rows) - len(survivors), survivors)


def _rate(killed: int, told: int) -> str:
    return str(rate([True] * killed + [False] * (told - killed)))


def main() -> None:
    """Print a row a room, then every survivor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=30)
    parser.add_argument("--room", action="append", choices=list(ROOMS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        found = []
        for room in options.room or ROOMS:
            found.append(mutate(room, ROOMS[room], options.each, clone))
            print(f"{room:<36} killed {_rate(found[-1].killed, found[-1].told)}", flush=True)
            shutil.rmtree(clone / ".pytest_cache", ignore_errors=True)
    killed, told = sum(entry.killed for entry in found), sum(entry.told for entry in found)
    print(f"{'all':<36} killed {_rate(killed, told)}")
    for entry in found:
        print("\n".join(entry.survivors))


if __name__ == "__main__":
    main()
