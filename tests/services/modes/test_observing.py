"""Observations: checked against the step, gathered by label, put to people on request."""

from __future__ import annotations

import pytest
from conversations import Builder, says
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.services.modes.gathering import update_modes
from retrospan.services.modes.observing import record_observation
from retrospan.services.modes.sampling import discovery_sample
from retrospan.services.modes.views import list_modes, show_mode
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.findings.observations import list_observations
from retrospan.store.reading.summaries import get_summaries


@pytest.fixture
def chats(traces: Builder) -> list[int]:
    return [
        traces.add(says("user", f"Question {i} about {topic}"), says("assistant", f"Surely the {topic} is blue."))
        for i, topic in enumerate(["sky", "lamp", "tent", "stove"])
    ]


def test_labels_that_differ_in_case_and_blanks_share_a_mode(store: Store, chats: list[int]) -> None:
    first = record_observation(store, "T1.1", "Claims without a check", "Surely the sky", by="agent:claude")
    second = record_observation(store, "T2.1", " claims  without a CHECK!", "Surely", by="human:Ada")
    assert (first.mode, first.opened, second.mode, second.opened) == ("M1", True, "M1", False)
    assert second.mode_size == 2
    view = show_mode(store, "M1").view
    assert (view.name, view.named_by) == ("Claims without a check", "proposed")
    assert [o.quote for o in list_observations(store, mode_id=1)] == ["Surely", "Surely the sky"]


def test_good_and_bad_do_not_mix(store: Store, chats: list[int]) -> None:
    bad = record_observation(store, "T1.1", "short answer", "blue", by="human:Ada")
    well = record_observation(store, "T2.1", "short answer", "blue", by="human:Ada", good=True)
    assert bad.mode != well.mode
    assert [view.row.failure for view in list_modes(store).modes] == [True, False]


@pytest.mark.parametrize("quote", ["", "the sky is green", "x" * 2_000])
def test_words_that_do_not_stand_there_are_refused(store: Store, chats: list[int], quote: str) -> None:
    with pytest.raises(UsageError, match=r"do not stand in T1\.1"):
        record_observation(store, "T1.1", "label", quote, by="agent:claude")
    assert list_observations(store) == []


@pytest.mark.parametrize(("step", "error"), [("T1", UsageError), ("T1.9", UnknownIdError), ("T99.1", UnknownIdError)])
def test_a_step_must_exist(store: Store, chats: list[int], step: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        record_observation(store, step, "label", "blue", by="agent:claude")


def test_an_observation_can_ask_people(store: Store, chats: list[int]) -> None:
    asked = record_observation(store, "T1.1", "claims a colour", "blue", by="agent:claude", ask=True)
    assert asked.review is not None
    assert asked.review.question == "Did the run do this wrong: claims a colour?"


def test_an_observation_may_join_a_mode_by_id(store: Store, chats: list[int]) -> None:
    record_observation(store, "T1.1", "claims a colour", "blue", by="human:Ada")
    joined = record_observation(store, "T3.1", "the same in other words", "blue", by="human:Ada", mode="M1")
    assert (joined.mode, joined.mode_size) == ("M1", 2)


def test_a_failing_run_joins_what_was_observed_before(store: Store, chats: list[int], traces: Builder) -> None:
    record_observation(store, "T2.1", "claims a colour", "Surely", by="human:Ada")
    later = traces.add(
        says("user", "Question 9 about lamp"), says("assistant", "Surely the lamp is blue."), outcome="fail"
    )
    analyse(store)
    update_modes(store)
    assert get_summaries(store, [later])[0].modes == ("M1",)


def test_a_sample_is_the_same_twice_and_has_a_random_part(store: Store, traces: Builder) -> None:
    for i in range(30):
        traces.add(says("user", f"Ask {i % 5}"), says("assistant", f"Say {i % 5}"))
    first, second = discovery_sample(store, size=9), discovery_sample(store, size=9)
    assert [pick.trace.id for pick in first.picks] == [pick.trace.id for pick in second.picks]
    assert [pick.why for pick in first.picks].count("at random") == 3
    assert len({pick.trace.input for pick in first.picks}) == 5
    assert first.of == 30
