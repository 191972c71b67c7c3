"""Ids as people have them: the run's own wherever T412 is, exactly, before words; one that does not exist says so."""

from __future__ import annotations

import pytest
from commands import run
from conversations import Builder, answers, calls, says
from otlp_runs import run_request
from retrospan.answers.reading_traces import read_steps, read_trace
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.model.errors import QueryError, UnknownIdError, UsageError
from retrospan.services.finding.listing import list_traces
from retrospan.services.finding.searching import search_runs
from retrospan.services.reviewing.subjects import find_step, load_subject
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import locate_trace, resolve_trace
from retrospan.store.search.ids import looks_like_id
from retrospan.store.traces.commit import commit_batch


@pytest.fixture
def runs(store: Store) -> Store:
    """Five runs over OTLP: `R-1` to `R-5`, two a session, each with a step that names the next order."""
    for number in range(1, 6):
        attributes = {
            "run.id": f"R-{number}",
            "session.id": f"chat-{number // 2}",
            "run.outcome": "fail" if number > 3 else "pass",
            "acme.cost": number,
            "acme.note": f"order R-{number + 1}",
        }
        commit_batch(store, to_batch(decode_traces(run_request(number, attributes), "application/json")))
    return store


def found(store: Store, line: str) -> list[int]:
    return sorted(trace.id for trace in list_traces(store, line).traces)


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("attr:run.outcome=fail", [4, 5]),
        ("attr:run.outcome=FAIL", [4, 5]),
        ("attr:RUN.*=fail", [4, 5]),
        ("attr:run.*=fail", [4, 5]),
        ("attr:run.outcome=f*", [4, 5]),
        ("-attr:run.outcome=fail", [1, 2, 3]),
        ("attr:run.outcome!=fail", [1, 2, 3]),
        ("attr:acme.cost>=4", [4, 5]),
        ("attr:acme.cost<2", [1]),
        ("attr:run.id>3", []),
        ('attr:"acme.note=order R-3"', [2]),
        ("attr:run.outcome=100%", []),
        ("has:acme.*", [1, 2, 3, 4, 5]),
        ("has:acme", []),
        ("-has:run.id", []),
        ("run:R-2", [2]),
        ("run:R-*", [1, 2, 3, 4, 5]),
        ("run:t3", []),
        ("run:T3", [3]),
        ("run:*f02", [2]),
        ("session:chat-1", [2, 3]),
        ("session:chat-*", [1, 2, 3, 4, 5]),
        ("session:chat", []),
        ("run:R-* outcome:fail session:chat-2", [4, 5]),
    ],
)
def test_attributes_ids_and_sessions_are_filters_with_wildcards(runs: Store, line: str, ids: list[int]) -> None:
    assert found(runs, line) == ids


@pytest.mark.parametrize("line", ["attr:run.outcome", "attr:=fail", "attr:"])
def test_a_filter_that_compares_nothing_is_explained(line: str, store: Store) -> None:
    with pytest.raises(QueryError, match="attr"):
        list_traces(store, line)


@pytest.mark.parametrize(
    ("name", "number"),
    [("R-2", 2), ("T2", 2), ("t2", 2), ("2", 2), (f"{0xF02:032x}", 2), (" R-2 ", 2)],
)
def test_a_runs_own_id_is_accepted_wherever_a_short_one_is(runs: Store, name: str, number: int) -> None:
    assert resolve_trace(runs, name) == number


def test_an_own_id_takes_a_step_and_is_shown(runs: Store) -> None:
    assert locate_trace(runs, "R-2.1") == (2, 1)
    assert "T2" in read_trace(runs, "R-2", budget=800) and "run R-2" in read_trace(runs, "T2", budget=800)
    assert "T2.1 llm chat m" in read_steps(runs, "R-2.1", None, full=False, offset=0, budget=800)
    assert find_step(load_subject(runs, "R-2"), "R-2.1").index == 1


def test_an_id_finds_its_run_and_no_text_that_names_it(runs: Store) -> None:
    page = search_runs(runs, "R-3")

    assert ([hit.trace.id for hit in page.hits], page.total, page.how) == ([3], 1, "by id")
    assert [hit.trace.id for hit in search_runs(runs, "T4").hits] == [4]
    assert sorted(hit.trace.id for hit in search_runs(runs, "chat-1").hits) == [2, 3]
    assert search_runs(runs, "R-3 outcome:fail").total == 0


def test_an_id_that_does_not_exist_says_so_and_names_its_neighbours(runs: Store) -> None:
    page = search_runs(runs, "R-11")

    assert (page.hits, page.total) == ((), 0)
    assert page.reasons[0].startswith("No run or session has the id 'R-11'; ids like it: R-")
    with pytest.raises(UnknownIdError, match=r"No trace 'R-11' \(newest: T5; nearest: R-"):
        resolve_trace(runs, "R-11")


def test_two_runs_of_one_id_are_told_apart_by_the_reader(runs: Store) -> None:
    again = run_request(9, {"run.id": "R-1"})
    commit_batch(runs, to_batch(decode_traces(again, "application/json")))

    with pytest.raises(UsageError, match=r"2 runs have the id 'R-1' \(newest first: T6, T1\)"):
        resolve_trace(runs, "R-1")


def test_a_files_own_ids_come_before_bare_numbers(traces: Builder, store: Store) -> None:
    traces.add(says("user", "Hi"), id="2")
    traces.add(says("user", "Ho"), id="1")

    assert (resolve_trace(store, "1"), resolve_trace(store, "T1"), resolve_trace(store, "2")) == (2, 1, 1)


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("R-2041", True),
        ("0f1e2d3c4b5a69788796a5b4c3d2e1f0", True),
        ("order_17", True),
        ("T412", True),
        ("refund", False),
        ("2026", False),
        ("well-known", False),
        ("two words7", False),
    ],
)
def test_what_looks_like_an_id(text: str, is_id: bool) -> None:
    assert looks_like_id(text) is is_id


def test_the_words_of_an_error_find_its_run(traces: Builder, store: Store) -> None:
    traces.add(says("user", "Pay"), calls("pay"), answers("done"))
    failing = run_request(7, status={"code": 2, "message": "ledger unavailable quokka"})
    commit_batch(store, to_batch(decode_traces(failing, "application/json")))

    for line in ("quokka", '"ledger unavailable"'):
        (hit,) = search_runs(store, line).hits
        assert (hit.trace.id, hit.step) == (2, 0) and "quokka" in hit.snippet


def test_fields_from_the_command_line(runs: Store, tmp_path: object) -> None:
    place = ("--store", runs.location)

    listed = run("fields", "--name", "acme.*", "--json", *place).json
    assert [row["attribute"] for row in listed["attributes"]] == ["acme.cost", "acme.note"]
    mapped = run("fields", "map", "acme.cost", "task", "--value", ">=4=dear", "--value", "*=cheap", "--json", *place)
    assert mapped.json["rules"] == [
        {"attribute": "acme.cost", "field": "task", "values": {">=4": "dear", "*": "cheap"}}
    ]
    assert found(runs, "task:dear") == [4, 5]
    assert "mapped: acme.cost is task" in run("fields", *place).out
    assert run("fields", "unmap", "acme.cost", *place).code == 0
    assert run("fields", "map", "acme.cost", "task", "--value", "x", *place).code == 2
    assert run("fields", "apply", *place).out == "5 runs read anew.\n"
