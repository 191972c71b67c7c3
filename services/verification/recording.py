"""Keep the runs of an experiment, each with the trace it left, in one transaction after it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...model.clock import utc_now, utc_text
from ...model.experiments import Experiment, ExperimentKind, ExperimentState, RunMeasure, RunRecord
from ...model.reading.facts import merge_facts
from ...model.text.secrets import json_without_secrets, without_secrets
from ...model.traces import SpanBatch, TraceFacts
from ...store.contract import Store
from ...store.experiments.experiments import (
    finish_experiment,
    get_experiment,
    insert_experiment,
    set_experiment_state,
)
from ...store.experiments.production import REGRESSION
from ...store.experiments.runs import insert_run
from ...store.reading.summaries import get_summaries
from ...store.traces.commit import commit_batch
from ...store.traces.revisions import refresh, trace_rows
from ..privacy.redacting import Redactor


class Recorder:
    """Writes the runs of one experiment. Secrets are taken out of them and of their traces first, as at every import.

    Args:
        store: Where.
        experiment: Which.
    """

    def __init__(self, store: Store, experiment: Experiment) -> None:
        self.experiment = experiment
        self._store = store
        self._redact = Redactor()

    def keep(self, run: RunRecord, spans: SpanBatch | None = None) -> RunRecord:
        """Keep one run and its trace; a run that is kept already stays as it is. Returns it as it was kept."""
        checks = tuple(replace(check, reason=without_secrets(check.reason)) for check in run.checks)
        run = replace(run, checks=checks, error=run.error and without_secrets(run.error))
        if spans is not None and spans.spans:
            run = replace(run, measure=self._keep_trace(run, spans))
        with self._store.write() as con:
            insert_run(con, self.experiment.id, run)
        return replace(run, experiment_id=self.experiment.id)

    def _keep_trace(self, run: RunRecord, spans: SpanBatch) -> RunMeasure:
        keys = list(dict.fromkeys(span.trace_key for span in spans.spans))
        said = {facts.trace_key: facts for facts in spans.facts}
        spans.facts = [merge_facts(said.get(key, TraceFacts(key)), _facts(key, run)) for key in keys]
        self._redact(spans)
        done = commit_batch(self._store, spans, project=self.experiment.project or None)
        refresh(self._store, done.trace_ids)
        return _measure(self._store, done.trace_ids)


def _facts(key: str, run: RunRecord) -> TraceFacts:
    return TraceFacts(
        key,
        task=run.key.case_id,
        version=run.target.version,
        environment=REGRESSION,
        tags=(f"case:{run.key.case_id}",),
    )


def _measure(store: Store, trace_ids: tuple[int, ...]) -> RunMeasure:
    summaries = get_summaries(store, trace_ids)
    with store.read() as con:
        rows = {row["id"]: row for row in trace_rows(con, list(trace_ids))}
    if not summaries:
        return RunMeasure()
    costs = [summary.cost_usd for summary in summaries if summary.cost_usd is not None]
    last = max(summaries, key=lambda summary: summary.step_count)
    return RunMeasure(
        sum(summary.usage.input_tokens for summary in summaries),
        sum(summary.usage.output_tokens for summary in summaries),
        sum(costs) if costs else None,
        ", ".join(last.models) or None,
        rows[last.id]["prompt_fingerprint"],
        rows[last.id]["tools_fingerprint"],
        last.id,
    )


def plan_experiment(
    store: Store,
    *,
    project: str,
    base: str,
    candidate: str,
    plan: str,
    plan_hash: str,
    kind: ExperimentKind = ExperimentKind.VERIFY,
) -> Experiment:
    """Keep the plan of a comparison, before its first run."""
    return _new(store, kind, ExperimentState.PLANNED, project, base, candidate, plan, plan_hash)


def begin_runs(store: Store, *, project: str, version: str) -> Experiment:
    """An experiment for runs that nobody planned: `case run`, or a session of pytest."""
    return _new(store, ExperimentKind.RUN, ExperimentState.RUNNING, project, None, version, "", "")


def _new(
    store: Store,
    kind: ExperimentKind,
    state: ExperimentState,
    project: str,
    base: str | None,
    candidate: str,
    plan: str,
    plan_hash: str,
) -> Experiment:
    new = Experiment(0, kind, state, project, base, candidate, plan, plan_hash, utc_text(utc_now()))
    with store.write() as con:
        return replace(new, id=insert_experiment(con, new))


def begin(store: Store, experiment: Experiment) -> Experiment:
    """Say that the first run is about to be made."""
    with store.write() as con:
        set_experiment_state(con, experiment.id, ExperimentState.RUNNING)
    return replace(experiment, state=ExperimentState.RUNNING)


def conclude(
    store: Store, experiment: Experiment, *, verdict: str | None = None, report: Mapping[str, Any] | None = None
) -> Experiment:
    """Keep what the runs prove."""
    with store.write() as con:
        finish_experiment(
            con, experiment.id, at=utc_text(utc_now()), verdict=verdict, report=report and json_without_secrets(report)
        )
    return get_experiment(store, experiment.id)
