"""News of reviewing by mail and webhook, against servers on this machine."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from retrospan.knowledge.queues import parse_queues
from retrospan.model.clock import utc_now
from retrospan.model.errors import RemoteError, UsageError
from retrospan.model.reviews import Answer, Label
from retrospan.services.notifying.news import NewsKind, news_between
from retrospan.services.notifying.sending import Mail, tell_news
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.asking_back import ask_back
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from reviewdesk import Desk

LATER = timedelta(seconds=5)


class Post(BaseHTTPRequestHandler):
    taken: ClassVar[list[str]]
    answer = 200

    def do_POST(self) -> None:
        type(self).taken.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(type(self).answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as a letter takes."""

    taken: ClassVar[list[str]]

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        for line in self.rfile:
            if line[:4].upper() == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = iter(self.rfile.readline, b".\r\n")
                type(self).taken.append(b"".join(letter).decode())
            self.wfile.write(b"221 bye\r\n" if line[:4].upper() == b"QUIT" else b"250 ok\r\n")


@contextmanager
def running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def webhook() -> Iterator[tuple[str, type[Post]]]:
    class Here(Post):
        taken: ClassVar[list[str]] = []

    with running(HTTPServer(("127.0.0.1", 0), Here)) as port:
        yield f"http://127.0.0.1:{port}/hook", Here


@pytest.fixture
def mail() -> Iterator[tuple[Mail, list[str]]]:
    class Here(Smtp):
        taken: ClassVar[list[str]] = []

    with running(socketserver.TCPServer(("127.0.0.1", 0), Here)) as port:
        people = {"Ada": "ada@example.org", "Eve": "eve@example.org"}
        yield Mail(f"smtp://127.0.0.1:{port}", "reviews@example.org", people), Here.taken


def test_a_chat_is_told_once_and_text_cannot_call_anybody(desk: Desk, webhook: tuple[str, type[Post]]) -> None:
    address, chat = webhook
    request_review(desk.store, "T1", "Was it <!channel> right & kind?", by="human:Ada")
    soon = utc_now() + LATER
    assert tell_news(desk.store, webhook=address, page="https://page.test/", now=soon) == 1
    assert tell_news(desk.store, webhook=address, now=soon + LATER) == 0
    (text,) = [json.loads(body)["text"] for body in chat.taken]
    assert "New (1):" in text
    assert "&lt;!channel&gt; right &amp; kind?" in text
    assert "https://page.test/item/1" in text


def test_what_could_not_be_sent_is_sent_next_time(desk: Desk, webhook: tuple[str, type[Post]]) -> None:
    address, chat = webhook
    request_review(desk.store, "T1", "Was it right?", by="human:Ada")
    chat.answer = 500
    with pytest.raises(RemoteError, match="did not take the message"):
        tell_news(desk.store, webhook=address, now=utc_now() + LATER)
    chat.answer = 200
    assert tell_news(desk.store, webhook=address, now=utc_now() + 2 * LATER) == 1


@pytest.mark.parametrize("address", ["http://chat.test/hook", "file:///etc/passwd", "chat"])
def test_a_webhook_is_reached_over_tls_only(desk: Desk, address: str) -> None:
    request_review(desk.store, "T1", "Was it right?", by="human:Ada")
    with pytest.raises(UsageError, match="no https address"):
        tell_news(desk.store, webhook=address, now=utc_now() + LATER)


def test_each_person_is_mailed_what_concerns_them(desk: Desk, mail: tuple[Mail, list[str]]) -> None:
    post, letters = mail
    request_review(desk.store, "T1", "Was it right?", by="human:Eve", assigned=["Ada"])
    assert tell_news(desk.store, mail=post, now=utc_now() + LATER) == 1
    (letter,) = [message_from_string(text, policy=policy.default) for text in letters]
    assert (letter["To"], letter["Subject"]) == ("ada@example.org", "Reviews: 1 new")
    assert "Was it right?" in letter.get_content()


def test_a_password_is_not_sent_in_the_clear(desk: Desk, mail: tuple[Mail, list[str]]) -> None:
    post, letters = mail
    request_review(desk.store, "T1", "Was it right?", by="human:Eve")
    open_server = Mail(post.server, post.sender, post.addresses, "ada", "secret")
    with pytest.raises(UsageError, match="no TLS"):
        tell_news(desk.store, mail=open_server, now=utc_now() + LATER)
    assert letters == []


def test_questions_go_to_whoever_is_responsible_and_decisions_to_whoever_asked(desk: Desk) -> None:
    rules = parse_queues("queues: [{name: ward, question: 'Was it safe?', responsible: Eve}]")
    ada = desk.reviewer()
    start = utc_now() - LATER
    asked = request_review(desk.store, "T1", "Was it safe?", by="rule:ward")
    with desk.store.write() as con:
        con.execute("UPDATE review_item SET queue = 'ward' WHERE id = :item", {"item": asked.id})
    ask_back(desk.store, open_review(desk.store, asked.id, ada.fingerprint).claim, "Which leaflet counts?")
    decided = request_review(desk.store, "T2", "Was it right?", by="human:Eve")
    review = open_review(desk.store, decided.id, ada.fingerprint)
    give_answer(desk.store, review.claim, Answer(Label.PASS))
    sign_verdict(desk.store, ada, review)
    found = [
        (entry.kind, entry.people, entry.words) for entry in news_between(desk.store, start, utc_now() + LATER, rules)
    ]
    assert found == [
        (NewsKind.ASKED, ("Eve",), "Which leaflet counts?"),
        (NewsKind.DECIDED, ("Eve",), "Ada: pass"),
    ]


def test_an_item_is_told_as_due_once_a_day_before(desk: Desk) -> None:
    request_review(desk.store, "T1", "Was it right?", by="human:Ada", due="3d")
    made = utc_now()
    days = [
        news_between(desk.store, made + timedelta(days=n, seconds=60), made + timedelta(days=n + 1, seconds=60))
        for n in range(4)
    ]
    assert [[entry.kind for entry in found] for found in days] == [[], [NewsKind.DUE], [], []]
