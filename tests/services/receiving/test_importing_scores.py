"""Scores of every product that come with runs: the outcome where their meaning is known, a line where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.model.traces import Outcome
from retrospan.services.receiving.importing import ImportReport, import_paths
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries, get_trace
from retrospan.store.traces.revisions import refresh
from shared_data import SHARED_DATA

P, F, U = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
CASES = SHARED_DATA.parent / "cases"


def bring(store: Store, *files: Path) -> ImportReport:
    report = import_paths(store, files)
    assert report.errors == []
    return report


def outcomes(store: Store) -> dict[str, Outcome]:
    refresh(store)
    with store.read() as con:
        ids = [row[0] for row in con.execute("SELECT id FROM trace ORDER BY id")]
    return {summary.external_id: summary.outcome for summary in get_summaries(store, ids)}


def case(name: str) -> Path:
    if not (CASES / name).is_dir():
        pytest.skip(f"needs the shared case {name}")
    return CASES / name


def langfuse(trace: str, **score: Any) -> str:
    said = {"id": f"{trace}-s", "traceId": trace, "source": "EVAL", "dataType": "NUMERIC", **score}
    step = {"id": "o", "traceId": trace, "type": "SPAN", "name": "desk", "input": "hi", "output": "ho"}
    return json.dumps({"id": trace, "htmlPath": "/x", "observations": [step], "scores": [said]}) + "\n"


def runs(folder: Path, *names: str) -> Path:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    file = folder / "runs.jsonl"
    file.write_text("".join(json.dumps({"id": name, "messages": turns}) + "\n" for name in names))
    return file


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_case_of_scores_where_zero_is_good(store: Store) -> None:
    bring(store, case("01-score-polarity") / "input.jsonl")
    said = outcomes(store)
    assert F not in (said["p1"], said["p2"], said["p5"])
    assert P not in (said["p3"], said["p4"], said["p6"])
    assert said["p3"] is F and said["p2"] is P


def test_case_of_one_star_of_five(store: Store) -> None:
    folder = case("02-one-star-is-a-pass")
    bring(store, folder / "runs.jsonl", folder / "reviews.csv", folder / "langfuse.jsonl")
    assert outcomes(store) == {"run-3": F, "run-4": P, "s1": F, "s5": P}


def test_case_of_thumbs_in_a_column_of_feedback(store: Store) -> None:
    folder = case("30-thumbs-column")
    bring(store, folder / "runs.jsonl", folder / "reviews.csv")
    assert outcomes(store) == {"run-1": P, "run-2": F}


def test_case_of_phoenix_evaluations_that_name_a_span_alone(store: Store) -> None:
    folder = case("31-phoenix-eval-table")
    report = bring(store, folder / "evals.csv", folder / "spans.jsonl")
    trace = get_trace(store, report.trace_ids[0])
    assert [(note.span_id, note.label, note.score, note.explanation) for note in trace.annotations] == [
        ("0000000000000001", "hallucinated", 1.0, "not in sources")
    ]
    assert trace.summary.outcome is F


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("trace_id,thumb\na,👍🏻\nb,👎\n", (P, F)),
        ("run_id;reaction\na;thumbs up\nb;thumbs down\n", (P, F)),
        ("Trace ID,Stars\na,⭐⭐⭐⭐⭐\nb,⭐\n", (P, F)),
        ("trace_id,rating\na,10\nb,1\n", (P, F)),
        ("trace_id,CSAT\na,95\nb,5\n", (P, F)),
        ("trace_id,verdict\na,richtig\nb,falsch\n", (P, F)),
        ("trace_id,feedback\na,Very quick and clear\nb,It answered another question\n", (U, U)),
        ("trace_id,metric,score\na,toxicity,0\nb,toxicity,1\n", (U, F)),
        ("trace_id,rating\na,1\nb,1\n", (U, U)),
        ("trace_id,correctness,toxicity\na,1,0\nb,0,0\n", (P, F)),
        ("trace_id,helpfulness,remark\na,5,fine\nb,1,bad\n", (P, F)),
    ],
)
def test_past_reviews_in_a_table(table: str, said: tuple[Outcome, Outcome], tmp_path: Path, store: Store) -> None:
    bring(store, runs(tmp_path, "a", "b"), written(tmp_path, "reviews.csv", table))
    assert tuple(outcomes(store).values()) == said


def test_a_scale_that_shows_itself_later_mends_what_was_read_before(tmp_path: Path, store: Store) -> None:
    bring(
        store,
        written(tmp_path, "1.jsonl", langfuse("a", name="quality", value=0) + langfuse("b", name="quality", value=1)),
    )
    assert outcomes(store) == {"a": F, "b": P}
    bring(store, written(tmp_path, "2.jsonl", langfuse("c", name="quality", value=5)))
    assert outcomes(store) == {"a": F, "b": F, "c": P}


def test_scales_of_one_project_say_nothing_of_another(tmp_path: Path, store: Store) -> None:
    first = langfuse("a", name="quality", value=0) + langfuse("b", name="quality", value=1)
    import_paths(store, [written(tmp_path, "1.jsonl", first)], project="one")
    import_paths(store, [written(tmp_path, "2.jsonl", langfuse("c", name="quality", value=5))], project="two")
    assert outcomes(store)["b"] is P


def test_a_score_that_says_nothing_is_named_with_the_way_to_map_it(tmp_path: Path, store: Store) -> None:
    text = langfuse("a", name="verbosity", value=3) + langfuse("b", name="verbosity", value=7)
    report = bring(store, written(tmp_path, "x.jsonl", text))
    assert outcomes(store) == {"a": U, "b": U}
    [line] = report.notes
    assert "'verbosity' (2 runs, 3 to 7)" in line and "retrospan fields map 'score.verbosity' outcome" in line


def test_declared_score_configs_of_the_product_count(tmp_path: Path, store: Store) -> None:
    config = {
        "type": "CONTINUOUS",
        "name": "depth",
        "optimization_direction": "MAXIMIZE",
        "lower_bound": 0,
        "upper_bound": 4,
    }
    row = {"annotator_kind": "LLM", "name": "depth", "result": {"score": 4}, "trace_id": "a"}
    bring(store, runs(tmp_path, "a"), written(tmp_path, "notes.jsonl", json.dumps(row)))
    assert outcomes(store) == {"a": U}
    bring(store, written(tmp_path, "configs.jsonl", json.dumps({"id": "x", **config})))
    assert outcomes(store) == {"a": P}


def test_what_should_have_been_is_no_outcome(tmp_path: Path, store: Store) -> None:
    info = {
        "trace_id": "tr-1",
        "assessments": [
            {"assessment_name": "is_correct", "expectation": {"value": True}, "source": {"source_type": "HUMAN"}}
        ],
    }
    span = {"trace_id": "tr-1", "span_id": "s1", "name": "desk", "attributes": {"mlflow.spanType": "AGENT"}}
    bring(store, written(tmp_path, "m.json", json.dumps({"info": info, "data": {"spans": [span]}})))
    assert outcomes(store) == {"tr-1": U}
