"""Recorded runs as the evidence of a comparison: what a search line finds, or what a file or an experiment holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ...model.errors import BadInputError, UsageError
from ...model.experiments import Side
from ...model.traces import Outcome
from ...services.finding.listing import list_traces
from ...store.contract import Store
from ...store.experiments.experiments import get_experiment, parse_experiment_id
from ...store.experiments.runs import runs_of

_ALL = 100_000
_MOST_BYTES = 256 << 20
_NAMES = ("case", "task", "id", "name")
_PASSED = {"pass": True, "passed": True, "success": True, "fail": False, "failed": False, "failure": False}


@dataclass(slots=True)
class RecordedCase:
    """The runs of one task or case on one version."""

    passed: int = 0
    runs: int = 0
    undecided: int = 0
    slices: set[str] = field(default_factory=set)
    checks: dict[str, None] = field(default_factory=dict)
    """Checks that failed at least once."""

    def add(self, passed: bool | None) -> None:
        if passed is None:
            self.undecided += 1
        else:
            self.passed, self.runs = self.passed + passed, self.runs + 1


def from_search(store: Store, line: str) -> dict[str, RecordedCase]:
    """The runs that a search line finds, by task. A run whose outcome nobody said is undecided.

    Raises:
        QueryError: if the line cannot be read.
        UsageError: if it finds no run.
    """
    found: dict[str, RecordedCase] = defaultdict(RecordedCase)
    for trace in list_traces(store, line, limit=_ALL, by_meaning=False).traces:
        entry = found[trace.task or trace.external_id]
        entry.add(None if trace.outcome is Outcome.UNKNOWN else trace.outcome is Outcome.PASS)
        entry.slices.update(f"mode:{mode}" for mode in trace.modes)
    if not found:
        raise UsageError(f"No run matches {line!r}. `retrospan trace list` shows what there is.")
    return dict(found)


def from_experiment(store: Store, experiment_id: str) -> dict[str, RecordedCase]:
    """The candidate's runs of an experiment, by case.

    Raises:
        UnknownIdError: if there is no such experiment.
        UsageError: if nothing was run in it.
    """
    experiment = get_experiment(store, parse_experiment_id(experiment_id))
    found: dict[str, RecordedCase] = defaultdict(RecordedCase)
    for run in runs_of(store, experiment.id):
        if run.key.side is Side.CANDIDATE:
            entry = found[run.key.case_id]
            entry.add(run.outcome == "passed" if run.decided else None)
            entry.checks.update(dict.fromkeys(c.check for c in run.checks if c.status == "failed"))
    if not found:
        raise UsageError(f"Experiment {experiment.short_id} holds no run yet. `retrospan verify --list` shows others.")
    return dict(found)


def from_file(path: Path) -> dict[str, RecordedCase]:
    """Runs from a file: one JSON object a line, or one JSON array, each with a case and what became of it.

    A case is named by `case`, `task`, `id` or `name`; its result stands in `passed`, `success` or `reward` (from 1 on),
    or in `outcome` or `status` as a word. A line may sum up several runs with `passed` and `runs` as numbers.

    Raises:
        BadInputError: with the line, if a record has neither.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise BadInputError(f"{path} is larger than 256 MiB. Split it, or import the runs and compare search lines.")
    found: dict[str, RecordedCase] = defaultdict(RecordedCase)
    for number, record in _records(path):
        name = next((str(record[key]) for key in _NAMES if record.get(key) not in (None, "")), None)
        results = None if name is None else list(_results(record))
        if not results:
            raise BadInputError(
                f"{path.name}:{number}: a run needs a case ({', '.join(_NAMES)}) and a result (passed, outcome). "
                "`retrospan case run --json` shows the form.",
                where=f"line {number}",
            )
        for passed in results:
            found[str(name)].add(passed)
    if not found:
        raise BadInputError(f"{path} holds no run.")
    return dict(found)


def _records(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    data = path.read_bytes().strip()
    try:
        whole = orjson.loads(data) if data.startswith(b"[") else None
        lines = enumerate(whole, 1) if isinstance(whole, list) else None
        for number, record in lines or ((n, orjson.loads(x)) for n, x in enumerate(data.splitlines(), 1) if x.strip()):
            if not isinstance(record, dict):
                raise BadInputError(f"{path.name}:{number}: a run is a JSON object. Mend the line.")
            yield number, record
    except orjson.JSONDecodeError as err:
        raise BadInputError(f"{path.name}: {err}. Write one JSON object a line.") from None


def _results(record: Mapping[str, Any]) -> Iterable[bool | None]:
    passed, runs = record.get("passed"), record.get("runs", record.get("repeats"))
    if isinstance(passed, int) and isinstance(runs, int) and not isinstance(passed, bool) and 0 <= passed <= runs:
        yield from [True] * passed + [False] * (runs - passed)
        return
    for key in ("passed", "success"):
        if isinstance(record.get(key), bool):
            yield record[key]
            return
    if isinstance(record.get("reward"), int | float):
        yield record["reward"] >= 1
        return
    word = record.get("outcome", record.get("status"))
    if isinstance(word, str):
        yield _PASSED.get(word.lower())
