"""Names from the words that a mode's runs have and others have not."""

from __future__ import annotations

import pytest
from retrospan.analysis.modes.naming import NamingText, distinctive_terms, name_of


def text(words: str, *signals: str, tool: str | None = None, error: str = "") -> NamingText:
    return NamingText(signals, tool, error, words)


OTHERS = [text("Your order was shipped yesterday"), text("Your order is on its way"), text("The address was changed")]


def test_an_error_names_its_mode() -> None:
    runs = [text("Done, refunded", "tool_error", tool="issue_refund", error="provider timed out")] * 3
    assert name_of(runs, OTHERS) == "tool error in issue_refund: provider timed out"


def test_words_that_only_these_runs_have_come_first() -> None:
    runs = [text("Your window for returns is 60 days", "ungrounded_value")] * 2
    name = name_of([*runs, text("The window for returns closes", "ungrounded_value")], OTHERS)
    assert name.startswith("ungrounded value: ")
    assert "returns" in name
    assert "window" in name
    assert "order" not in name


def test_one_long_text_does_not_name_a_mode() -> None:
    runs = ["gift " * 500 + "card", "returns window", "returns closed", "returns open"]
    assert "gift" not in distinctive_terms(runs, ["order shipped"])


def test_a_mode_without_words_or_signals_has_a_name() -> None:
    assert name_of([text("")], []) == "failed without a signal"


def test_an_address_is_no_name() -> None:
    runs = [text("sent to maya.lindqvist@mail.example", "loop"), text("sent to leo@mail.example", "loop")]
    assert name_of(runs, OTHERS) == "loop: sent"


def test_a_silent_mode_is_named_by_what_was_asked() -> None:
    runs = [NamingText((), None, "", "Have a good day", f"Is my gift card number {n} valid?") for n in range(3)]
    others = [NamingText((), None, "", "Have a good day", "Where is my order?")] * 3
    assert name_of(runs, others).startswith("failed without a signal, asked about ")
    assert "gift" in name_of(runs, others) and "day" not in name_of(runs, others)


@pytest.mark.parametrize("others", [[], ["Refund"], [""]])
def test_the_only_word_there_is_can_be_looked_at(others: list[str]) -> None:
    assert distinctive_terms(["Refund", "refund"], others) in ([], ["refund"])
