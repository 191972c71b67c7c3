"""How often signals were right, and muting them by hand and by their record."""

from __future__ import annotations

import pytest
from retrospan.model.errors import UsageError
from retrospan.model.reviews import Label
from retrospan.services.understanding.analysing import analyse, signals_of
from retrospan.services.understanding.signal_precision import (
    mute_signals,
    muted_signals,
    signal_precision,
    unmute_signals,
)
from retrospan.store.contract import Store
from retrospan.store.settings.values import set_setting
from reviewdesk import Desk


def names(store: Store, trace_id: int) -> set[str]:
    return {signal.signal for signal in signals_of(store, [trace_id])[trace_id]}


def test_a_muted_signal_leaves_every_answer_and_comes_back(desk: Desk) -> None:
    assert "ungrounded_value" in names(desk.store, 1)
    mute_signals(desk.store, ["ungrounded_value"])
    assert "ungrounded_value" not in names(desk.store, 1)
    unmute_signals(desk.store, ["ungrounded_value"])
    assert "ungrounded_value" in names(desk.store, 1)


def test_a_name_that_is_no_signal_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="ungrounded_value"):
        mute_signals(desk.store, ["ungrounded_valu"])


def test_precision_counts_valid_verdicts_on_runs_that_show_the_signal(desk: Desk) -> None:
    session = desk.reviewer()
    desk.decide(session, Label.FAIL, "T1")
    desk.decide(session, Label.PASS, "T2")
    row = next(row for row in signal_precision(desk.store) if row.signal == "ungrounded_value")
    assert (row.reviews, row.right, row.muted) == (1, 1, False)
    assert row.low < 1.0 <= row.high


def test_a_signal_that_is_hardly_ever_right_mutes_itself_until_somebody_unmutes_it(desk: Desk) -> None:
    set_setting(desk.store, "signal_precision", {"verdicts": [0, None], "signals": {"ungrounded_value": [60, 1]}})
    analyse(desk.store)
    assert "ungrounded_value" in muted_signals(desk.store)
    assert "ungrounded_value" not in names(desk.store, 1)
    unmute_signals(desk.store, ["ungrounded_value"])
    assert "ungrounded_value" in names(desk.store, 1)


@pytest.mark.parametrize(("reviews", "right", "muted"), [(29, 0, False), (30, 0, True), (60, 6, False), (60, 5, True)])
def test_the_upper_bound_decides(desk: Desk, reviews: int, right: int, muted: bool) -> None:
    set_setting(desk.store, "signal_precision", {"verdicts": [0, None], "signals": {"loop": [reviews, right]}})
    assert ("loop" in muted_signals(desk.store)) is muted
