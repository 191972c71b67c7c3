"""Run cases on one version, each run in a process of its own or at an address, and keep every run with its trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...model.cases import Case, CaseStatus
from ..recording import RunKeeper
from ..results import CaseRuns, Judge
from ..targets.runnable import RunSettings, opened_version
from ..targets.spans import SpanReceiver
from ..targets.versions import Version
from .executing import execute

_APART = ("cmd:", "http://", "https://", "git:", "python:")


def is_apart(target: str | None) -> bool:
    """Whether a target is named as something that runs outside of this process."""
    return target is not None and target.startswith(_APART)


def run_apart(
    cases: Sequence[Case],
    version: Version,
    folder: Path,
    settings: RunSettings,
    judge: Judge | None,
    repeats: int,
    keeper: RunKeeper,
    on_done: Callable[[CaseRuns], None],
) -> list[CaseRuns]:
    """Run every case `repeats` times, in the given order; retired ones are left out.

    Raises:
        UsageError: if the version cannot be run.
    """
    done = []
    with opened_version(version, folder, settings) as target, SpanReceiver() as receiver:
        for case in cases:
            if case.status is CaseStatus.RETIRED:
                continue
            made = [execute(case, target, receiver, judge) for _ in range(max(repeats, 1))]
            runs = CaseRuns(case, tuple(executed.result for executed in made))
            for repeat, executed in enumerate(made):
                keeper.keep_one(runs, repeat, executed.result, executed.spans)
            done.append(runs)
            on_done(runs)
    return done
