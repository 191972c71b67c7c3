"""Modes and paths on recorded runs of real agents."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from conversations import Builder
from retrospan.analysis.paths.boxes import COLUMNS, draw_boxes
from retrospan.analysis.paths.declared import parse_declared
from retrospan.analysis.paths.svg import draw_svg
from retrospan.services.coverage.paths import workflow_paths
from retrospan.services.modes.gathering import update_modes
from retrospan.services.modes.views import list_modes, show_mode
from retrospan.services.receiving.importing import import_paths
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from rich.cells import cell_len
from shared_data import shared


def check(store: Store, runs: int) -> None:
    analyse(store)
    assert update_modes(store) == runs
    page = list_modes(store, limit=1_000)
    assert page.runs == runs
    assert all(view.name and view.size <= runs for view in page.modes)
    for view in page.modes[:5]:
        detail = show_mode(store, view.short_id)
        assert detail.view.size == view.size
        assert len({detail.typical.id, *(unlike.id for unlike in detail.unlike)}) == 1 + len(detail.unlike)
    report = workflow_paths(store)
    assert sum(variant.tally.runs for variant in report.variants) == runs
    assert all(cell_len(line) <= COLUMNS for line in draw_boxes(report.graph))
    assert draw_svg(report.graph, title="real runs").startswith("<svg")


def test_tau_airline(store: Store, traces: Builder) -> None:
    path = shared("tau_airline", "gpt-4o-airline.json.xz")
    with lzma.open(path, "rt", encoding="utf-8") as file:
        runs = json.load(file)[:40]
    for run in runs:
        traces.add(*run["traj"], outcome="pass" if run["reward"] == 1 else "fail")
    check(store, len(runs))
    failing = sum(run["reward"] != 1 for run in runs)
    assert sum(view.row.known for view in list_modes(store, limit=1_000).modes) == failing


def test_who_and_when(store: Store, traces: Builder) -> None:
    files = sorted(shared("who_and_when", "Hand-Crafted").glob("*.json"))[:12]
    for file in files:
        history = json.loads(file.read_text(encoding="utf-8"))["history"]
        traces.add(
            *({"role": "assistant", "name": turn["role"], "content": turn["content"]} for turn in history),
            outcome="fail",
        )
    check(store, len(files))


def test_trail(store: Store, tmp_path: Path) -> None:
    files = sorted(shared("trail", "GAIA").glob("*.xz"), key=lambda path: path.stat().st_size)[:8]
    assert not import_paths(store, files).errors
    with store.read() as con:
        count = con.execute("SELECT count(*) FROM trace").fetchone()[0]
    check(store, count)


def test_a_langgraph_export_lies_over_its_recorded_runs(store: Store) -> None:
    assert not import_paths(store, [shared("otlp", "langgraph-openinference")]).errors
    nodes = [{"id": name} for name in ("__start__", "call_model", "tools", "escalate", "__end__")]
    ends = [("__start__", "call_model"), ("call_model", "tools"), ("tools", "call_model"), ("call_model", "__end__")]
    edges = [{"source": a, "target": b} for a, b in [*ends, ("call_model", "escalate")]]
    report = workflow_paths(store, declared=parse_declared(json.dumps({"nodes": nodes, "edges": edges})))
    assert report.overlay is not None
    assert report.overlay.nodes_never_seen == ("escalate",)
    assert report.overlay.edges_never_seen == (("call_model", "escalate"),)
    assert report.overlay.nodes_never_declared == ()
    assert report.overlay.edges_never_declared == ()
    assert [brief.edge for brief in report.briefs] == [("call_model", "escalate")]
