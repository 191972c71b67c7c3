"""On labelled runs kept beside the repository: the wrong argument comes first, and quotes are literal."""

from __future__ import annotations

import lzma

import orjson
from retrospan.analysis.alignment import diff_traces
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import find_suspects
from retrospan.analysis.texts.quotes import stands_in
from retrospan.ingest.formats.messages import conversation_spans
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Outcome, Trace, TraceFacts
from shared_data import shared


def _airline() -> dict[str, Trace]:
    with lzma.open(shared("tau_airline", "gpt-4o-airline.json.xz")) as file:
        runs = orjson.loads(file.read())
    traces = {}
    for run in runs:
        key = f"{run['task_id']}/{run['trial']}"
        facts = TraceFacts(key, outcome=Outcome.PASS if run["reward"] == 1 else Outcome.FAIL)
        traces[key] = assemble(conversation_spans(key, run["traj"]), facts)
    return traces


def test_suspects_of_real_runs_quote_what_stands_there() -> None:
    traces = _airline()
    for trace in list(traces.values())[:20]:
        for suspect in find_suspects(trace, find_signals(trace)).suspects:
            assert suspect.reasons
            for item in suspect.evidence:
                assert stands_in(trace.steps[item.step], item.quote)


def test_real_runs_do_not_differ_from_themselves() -> None:
    for trace in list(_airline().values())[:20]:
        assert diff_traces(trace, trace).differences == ()
