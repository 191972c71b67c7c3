"""Keep what `case run` and pytest run: one experiment a session, opened with its first run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..model.clock import utc_now, utc_text
from ..model.errors import RetrospanError
from ..model.experiments import Batch, CheckRecord, RunKey, RunRecord, Side, TargetPrint
from ..model.traces import SpanBatch
from ..services.verification.recording import Recorder, begin_runs, conclude
from ..store.contract import Store
from ..store.opening import open_store
from .capture import batch_of
from .casehash import hash_case
from .results import CaseResult, CaseRuns


class RunKeeper:
    """Keeps runs in a store. What goes wrong there changes no result: it is told in `trouble`.

    Args:
        location: The store; None for the user's own.
        project: The application's folder.
        target: What is run.
        judge_hash: Of whatever answers the judge's checks.
    """

    def __init__(
        self, location: str | Path | None, project: Path, target: TargetPrint, judge_hash: str | None = None
    ) -> None:
        self._location, self._project, self._target, self._judge_hash = location, str(project), target, judge_hash
        self._store: Store | None = None
        self._recorder: Recorder | None = None
        self.trouble: str | None = None

    def __enter__(self) -> RunKeeper:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def experiment(self) -> str | None:
        """Short id of the experiment; None before the first run."""
        return self._recorder.experiment.short_id if self._recorder else None

    def keep(self, runs: CaseRuns) -> None:
        """Keep all repeats of a case."""
        for repeat, result in enumerate(runs.results):
            self.keep_one(runs, repeat, result, batch_of(result.spans) if result.spans else None)

    def keep_one(self, runs: CaseRuns, repeat: int, result: CaseResult, spans: SpanBatch | None = None) -> None:
        """Keep one run, with the trace it left where it left one."""
        if self.trouble is not None:
            return
        try:
            self._opened().keep(self._record(runs, repeat, result), spans)
        except RetrospanError as err:
            self.trouble = str(err)

    def _opened(self) -> Recorder:
        if self._recorder is None:
            self._store = open_store(self._location)
            experiment = begin_runs(self._store, project=self._project, version=self._target.version)
            self._recorder = Recorder(self._store, experiment)
        return self._recorder

    def _record(self, runs: CaseRuns, repeat: int, result: CaseResult) -> RunRecord:
        return RunRecord(
            RunKey(runs.case.id, Side.CANDIDATE, Batch.FIRST, repeat),
            hash_case(runs.case),
            result.outcome.value,
            tuple(CheckRecord(check.check, check.status.value, check.reason) for check in result.checks),
            result.error,
            self._target,
            utc_text(utc_now()),
            result.duration_ms,
            judge_hash=self._judge_hash,
        )

    def close(self) -> None:
        """Say that the session is over."""
        if self._store is not None:
            with suppress(RetrospanError):
                if self._recorder is not None:
                    conclude(self._store, self._recorder.experiment)
            self._store.close()
            self._store = None
