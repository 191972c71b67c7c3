"""Who leads a team, whatever each one's share of the turns."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.analysis.evidence.position import leader
from retrospan.analysis.reading import read


@pytest.mark.parametrize(
    ("speakers", "lead"),
    [
        ("LLWWWWWLWWWWWL", "L"),  # a worker thinks aloud for most of the run
        ("LALBLCL", "L"),
        ("LWLW", "L"),  # of two that alternate, the first to speak
        ("WWWLWWWLWWW", "W"),
        ("ABCABC", None),  # equals
        ("LLLLL", None),  # alone
        ("LWL", None),  # too short to tell
    ],
)
def test_the_leader_is_who_the_word_goes_back_to(speakers: str, lead: str | None, build: Any) -> None:
    turns = [{"role": "assistant", "name": name, "content": f"turn {at}"} for at, name in enumerate(speakers)]
    assert leader(read(build([{"role": "user", "content": "Go"}, *turns])).decisions) == lead
