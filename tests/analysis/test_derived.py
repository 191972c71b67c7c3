"""Totals, dates and times that follow from what was read are no inventions."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.analysis.signals.registry import find_signals


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ('{"at": "2026-12-14T08:40"}', "Your visit is on 14 December at 8:40."),
        ('[{"fee": 25}, {"fee": 40}]', "25 USD and 40 USD, 65 USD in all."),
        ("Parking is 2 USD an hour.", "About 6 USD for three hours, at 2 USD an hour."),
        ("Today is 2026-11-30. Results come within 3 working days.", "By 3 December at the latest."),
        ("The visit is on 2026-12-10. Stop 7 days before.", "Stop from 3 December on."),
        ('{"today": "2026-11-30", "next": "Friday"}', "The next one is on 4 December."),
        ('{"start": "09:15", "duration_minutes": 45}', "It ends at 10:00."),
        ('{"from": "2026-12-01", "to": "2026-12-31"}', "You stay 30 nights."),
        ('{"rows": [{"n": 110}, {"n": 220}, {"n": 330}]}', "There are 660 of them."),
        ("See [the list](https://a.example/91).", "It is on [91 Places](https://a.example/91)."),
    ],
)
def test_what_follows_from_a_result_has_a_source(build: Any, result: str, answer: str) -> None:
    assert "ungrounded_value" not in _signals(build, result, answer)


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ('{"at": "2026-12-14T08:40"}', "Your visit is on 14 December at 9:20."),
        ('[{"fee": 25}, {"fee": 40}]', "That is 75 USD in all."),
        ("The visit is on 2026-12-10. Stop 7 days before.", "Stop from 1 December on."),
        ("Refunds take 5 days.", "Your refund comes within 10 days."),
    ],
)
def test_what_does_not_follow_is_told(build: Any, result: str, answer: str) -> None:
    assert "ungrounded_value" in _signals(build, result, answer)


def _signals(build: Any, result: str, answer: str) -> set[str]:
    call = {"id": "c1", "name": "get_visit", "arguments": {"patient": "P-7"}}
    trace = build(
        [
            {"role": "user", "content": "What about patient P-7?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": result},
            {"role": "assistant", "content": answer},
        ]
    )
    return {item.signal for item in find_signals(trace) if item.failure}
