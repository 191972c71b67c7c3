"""How-to pages as they stand: their commands are run in order on the demo's store, and end as the pages say.

Pages whose commands need a network, a key, a second machine or a person at a terminal are not among these.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from commands import run
from retrospan.model.reviews import Answer, Label
from retrospan.services.reviewing.asking import list_reviews
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import demo_reviewer
from retrospan.store.opening import open_store

PAGES = Path(__file__).resolve().parents[1] / "docs" / "how-to"
_SHOWN = re.compile(r"```(?:sh|bash|console)\n(.*?)```|^((?: {4}retrospan .*\n)+)", re.DOTALL | re.MULTILINE)
NEEDS_MORE = ("serve", "mcp", "tui", "review notify", "review --web")
"""Commands that wait for others."""
NAMES: Mapping[str, Mapping[str, str]] = {
    "back-up.md": {},
    "complete-a-fail.md": {"V12": "V1", "--step 7": "--step 1", "--run": ""},
    "digest.md": {},
    "fields.md": {"order-run-17": "T1"},
}
"""By page, what its readers put in the place of the page's examples."""


def commands(page: str, home: Path) -> Iterator[list[str]]:
    text = (PAGES / page).read_text()
    for fenced, indented in _SHOWN.findall(text):
        for line in (fenced or indented).replace("\\\n", " ").splitlines():
            shown = line.strip().partition("  #")[0].partition(" | ")[0].strip().replace("~", str(home))
            for example, name in NAMES[page].items():
                shown = shown.replace(example, name)
            words = shlex.split(shown)
            if words[:1] == ["retrospan"] and not " ".join(words[1:]).startswith(NEEDS_MORE):
                yield words[1:]


@pytest.mark.parametrize("page", NAMES)
def test_every_command_of_the_page_runs_in_order(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "demo"
    assert run("demo", "--folder", str(place)).code == 0
    with open_store(place / "store.db") as store:
        session = demo_reviewer(store)
        review = open_review(store, list_reviews(store)[0].short_id, session.fingerprint)
        give_answer(store, review.claim, Answer(Label.FAIL, reason="No source says so."))
        sign_verdict(store, session, review)
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("RETROSPAN_STORE", str(place / "store.db"))
    monkeypatch.chdir(place)
    ran = []
    for words in commands(page, tmp_path):
        done = run(*words)
        assert done.code in (0, 1), f"{' '.join(words)}\n{done.out}\n{done.err}"
        ran.append(words)
    assert ran
