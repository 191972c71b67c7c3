"""A cause is listed once; whatever has words for causes has them for each."""

from __future__ import annotations

import pytest
from retrospan.cli.reviews.review_progress import complete_command
from retrospan.mcp_server.arguments import full_schema_of
from retrospan.mcp_server.tools.proposals import propose_verdict
from retrospan.model.findings import CauseClass
from retrospan.services.knowledge.prefill import ADVICE
from retrospan.tui.screens.cause import CAUSE_WORDS

WORDS = [cause.value for cause in CauseClass]


@pytest.mark.parametrize("words", [ADVICE, CAUSE_WORDS], ids=["advice", "list to choose from"])
def test_each_cause_has_its_words(words: dict[CauseClass, object]) -> None:
    assert list(words) == list(CauseClass)
    assert all(words.values())


def test_an_assistant_may_name_each_cause() -> None:
    assert full_schema_of(propose_verdict.model)["properties"]["cause"]["enum"] == WORDS


def test_an_engineer_may_name_each_cause() -> None:
    (option,) = (entry for entry in complete_command.params if entry.name == "cause")
    assert list(option.to_info_dict()["type"]["choices"]) == WORDS
