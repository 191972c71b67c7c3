"""Signals, failure modes, observations and digests as kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from filled import filled
from retrospan.model.errors import UnknownIdError
from retrospan.model.findings import Evidence, Signal
from retrospan.model.traces import Span, SpanBatch
from retrospan.store.contract import Store
from retrospan.store.findings.digests import DigestState, ModeThen, last_digest, save_digest
from retrospan.store.findings.mode_features import (
    CentreRow,
    FeatureRow,
    load_background,
    load_centres,
    load_features,
    placed_states,
    save_background,
    save_centres,
    save_features,
    traces_to_place,
)
from retrospan.store.findings.modes import (
    Member,
    ModeEvent,
    ModeStatus,
    drop_clustered,
    get_mode_row,
    insert_mode,
    keep_computed_names,
    list_events,
    list_members,
    list_mode_rows,
    modes_of,
    put_member,
    runs_between,
    runs_by_project,
    set_name,
    set_status,
    tools_of,
    unplaced,
)
from retrospan.store.findings.observations import Observation, insert_observation, list_observations
from retrospan.store.findings.signals import load_signals, save_signals, traces_to_analyse
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"
MANY = [1, 2, *range(100, 40_000)]


def found(desk: Desk, trace: int, *signals: Signal) -> None:
    span_ids = [step.span_id for step in get_trace(desk.store, trace).steps]
    with desk.store.write() as con:
        save_signals(con, trace, 1, "rules", span_ids, signals)


def opened(desk: Desk, **fields: object) -> int:
    with desk.store.write() as con:
        return insert_mode(con, "support", at=NOW, by="rule", **fields)  # type: ignore[arg-type]


def member(desk: Desk, mode: int, trace: int, **fields: object) -> None:
    with desk.store.write() as con:
        given = {"span_id": None, "known": False, "likeness": 0.5, "at": NOW} | fields
        put_member(con, mode, trace, **given)  # type: ignore[arg-type]


def test_a_trace_waits_until_its_signals_are_found_by_these_rules(desk: Desk) -> None:
    assert traces_to_analyse(desk.store, "rules", 9) == [1, 2]
    found(desk, 1)
    assert traces_to_analyse(desk.store, "rules", 9) == traces_to_analyse(desk.store, "rules", 9, MANY) == [2]
    assert traces_to_analyse(desk.store, "other", 9) == [1, 2]
    assert traces_to_analyse(desk.store, "other", 1, [2, 1]) == [1]
    desk.add_late_span("run-1")
    assert traces_to_analyse(desk.store, "rules", 9) == [1, 2]


def test_signals_are_replaced_and_come_in_their_order(desk: Desk) -> None:
    loop, tool = Signal("loop", None, True, "again"), Signal("tool_error", 1, True, "no", (Evidence(1, "30 days"),))
    found(desk, 1, tool)
    found(desk, 1, loop, tool)
    assert load_signals(desk.store, [2, 1]) == {1: (loop, tool), 2: ()}


def test_evidence_that_older_versions_kept_is_still_read(desk: Desk) -> None:
    kept = Signal("tool_error", 1, True, "no", (Evidence(1, "30 days", "outputs"),))
    found(desk, 1, kept)
    with desk.store.write() as con:
        con.execute("UPDATE signal SET evidence = :old", {"old": json.dumps([["a2", "30 days", "outputs"]])})
    assert load_signals(desk.store, [1]) == {1: (kept,)}


def test_a_mode_has_its_members_names_and_life(desk: Desk) -> None:
    mode = opened(desk, proposed_name="Invents windows", label_key="invented")
    member(desk, mode, 1, span_id="a2", known=True)
    member(desk, mode, 2, likeness=0.25, observed=True)
    with desk.store.write() as con:
        set_name(con, mode, "Refund windows", at=NOW, by="human:Ada", proposed=False)
        set_name(con, mode, "Made-up windows", at=NOW, by="agent:x", proposed=True)
        set_status(con, mode, ModeStatus.FIXED, at=NOW, by="human:Ada", note="v2", fixed_at=5)
        keep_computed_names(con, [(mode, "45 days")])
    row = get_mode_row(desk.store, f"M{mode}")
    assert (row.project, row.failure, row.status, row.fixed_at) == ("support", True, ModeStatus.FIXED, 5)
    assert (row.computed_name, row.name, row.proposed_name) == ("45 days", "Refund windows", "Made-up windows")
    assert (row.proposed_by, row.size, row.known, row.opened_at) == ("agent:x", 2, 1, NOW)
    assert (row.first_ns, row.last_ns) == (1_000, 1_000)
    members = list_members(desk.store, mode)
    assert members == [Member(2, None, False, True, 0.25, 1_000), Member(1, "a2", True, False, 0.5, 1_000)]
    assert tools_of(desk.store, members) == {1: "get_policy"}
    assert [event.kind for event in list_events(desk.store, mode)] == ["opened", "renamed", "proposed", "fixed"]
    assert list_events(desk.store, mode)[-1] == ModeEvent(NOW, "fixed", "human:Ada", "v2")


def test_only_modes_with_members_are_listed_the_largest_first_and_the_good_last(desk: Desk) -> None:
    good, small, large, _ = opened(desk, failure=False), opened(desk), opened(desk), opened(desk)
    for mode, trace in ((good, 1), (good, 2), (small, 1), (large, 1), (large, 2)):
        member(desk, mode, trace)
    assert [row.id for row in list_mode_rows(desk.store)] == [large, small, good]
    assert [row.id for row in list_mode_rows(desk.store, mode_ids=[good, small])] == [small, good]
    assert list_mode_rows(desk.store, project="other") == list_mode_rows(desk.store, mode_ids=[]) == []
    with desk.store.read() as con:
        assert modes_of(con, MANY) == {1: [good, small, large], 2: [good, large]}
    with pytest.raises(UnknownIdError, match=f"known: M{good}, M{small}, M{large}"):
        get_mode_row(desk.store, "M99")


def test_what_was_observed_stays_when_likeness_goes(desk: Desk) -> None:
    mode = opened(desk)
    member(desk, mode, 1, observed=True)
    member(desk, mode, 1, known=True)
    member(desk, mode, 2)
    with desk.store.write() as con:
        drop_clustered(con, MANY)
    (left,) = list_members(desk.store, mode)
    assert (left.trace_id, left.known, left.observed) == (1, True, True)


def test_features_are_kept_by_trace_and_go_stale_with_what_they_rest_on(desk: Desk) -> None:
    assert traces_to_place(desk.store, 9) == []
    found(desk, 1)
    found(desk, 2)
    assert traces_to_place(desk.store, 9) == traces_to_place(desk.store, 9, MANY) == [1, 2]
    assert traces_to_place(desk.store, 1) == traces_to_place(desk.store, 1, [2, 1]) == [1]
    row = FeatureRow(1, "support", 1, "rules", "unknown:", b"features")
    with desk.store.write() as con:
        save_features(con, [replace(row, features=b"old"), row, replace(row, trace_id=2, outcome="fail:pass")])
        save_features(con, [])
        assert load_features(con, MANY) == {1: b"features", 2: b"features"}
    assert traces_to_place(desk.store, 9) == [2], "its outcome is another now"
    assert placed_states(desk.store, [1], judged=False) == {1: "unknown:"}
    assert placed_states(desk.store, [1], judged=True) == {1: "unknown:", 2: "fail:pass"}
    assert runs_by_project(desk.store, None) == ({"support": 2}, 0)
    assert runs_by_project(desk.store, {1}) == ({"support": 1}, 0)
    mode = opened(desk)
    member(desk, mode, 1)
    assert (unplaced(desk.store, None), unplaced(desk.store, {1})) == ([2], [])


def test_counts_and_centres_are_replaced(desk: Desk) -> None:
    mode, other = opened(desk), opened(desk)
    opened(desk, failure=False)
    centre = CentreRow(mode, "loop", frozenset({"b", "a"}), b"centre")
    with desk.store.write() as con:
        save_background(con, "support", 1, b"one")
        save_background(con, "support", 2, b"two")
        save_centres(con, [centre])
        assert load_background(con, "support") == (2, b"two")
        assert load_background(con, "other") is None
        assert load_centres(con, "support") == [centre, CentreRow(other, "", frozenset(), None)]


def test_windows_are_compared_where_the_data_reaches_back(desk: Desk) -> None:
    late = [Span(f"late-{at}", "s", "chat", started_at_ns=at, project="support") for at in (1_050, 1_120, 1_150)]
    commit_batch(desk.store, SpanBatch(spans=late))
    refresh(desk.store)
    assert runs_between(desk.store, "support", 100) == (1_150, 2, 3)
    assert runs_between(desk.store, "support", 500) is None
    assert runs_between(desk.store, "nothing", 100) is None


def test_an_observation_comes_back_whole(desk: Desk) -> None:
    mode = opened(desk)
    observation = filled(Observation, trace_id=1, mode_id=mode)
    with desk.store.write() as con:
        number = insert_observation(con, observation)
        insert_observation(con, replace(observation, trace_id=2, good=False))
    newest, first = list_observations(desk.store, mode_id=mode)
    assert first == replace(observation, id=number)
    assert (newest.trace_id, newest.good) == (2, False)
    assert list_observations(desk.store, limit=1) == [newest]
    assert list_observations(desk.store, mode_id=99) == []


def test_the_last_digest_of_a_query_is_found_also_an_old_one(store: Store) -> None:
    state = filled(DigestState, modes={3: filled(ModeThen)})
    save_digest(store, state)
    save_digest(store, replace(state, query="another"))
    assert last_digest(store, state.query) == state
    assert last_digest(store, "no such") is None
    old = {"query": "old", "runs": 4, "modes": {"3": [2, "fixed"]}}
    with store.write() as con:
        con.execute("INSERT INTO digest_run(at, state) VALUES (:at, :state)", {"at": NOW, "state": json.dumps(old)})
    assert last_digest(store, "old") == DigestState(NOW, "old", 4, {3: ModeThen(2, ModeStatus.FIXED)})
