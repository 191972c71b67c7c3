"""Whom a comment tells: those it names, without its words."""

from __future__ import annotations

from datetime import timedelta

from retrospan.model.clock import utc_now
from retrospan.services.colleagues.comments import add_comment
from retrospan.services.notifying.news import NewsKind, news_between
from retrospan.services.notifying.wording import message_text
from retrospan.services.reviewing.asking import request_review
from reviewdesk import Desk


def test_a_comment_tells_whom_it_names_and_keeps_its_words(desk: Desk) -> None:
    desk.reviewer("Ada Lovelace")
    request_review(desk.store, "T1", "Was it safe?", by="agent:x")
    add_comment(desk.store, "R1", "@Ada Lovelace, this is a clear fail.", by="human:Bo")
    add_comment(desk.store, "R1", "Nobody is named here.", by="human:Bo")
    now = utc_now()
    told = news_between(desk.store, now - timedelta(hours=1), now + timedelta(seconds=5))
    assert [entry.people for entry in told if entry.kind is NewsKind.CALLED] == [("Ada Lovelace",)]
    assert "clear fail" not in message_text(told, None)
