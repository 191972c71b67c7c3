"""News of reviewing sent to people: by mail (SMTP), or to a chat that takes Slack's webhooks."""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from ...knowledge.queues import QueueRules
from ...model.clock import utc_now, utc_text
from ...model.errors import RemoteError, UsageError
from ...model.text.display import safe_line
from ...store.contract import Store
from ...store.settings.values import get_setting, set_setting
from .news import News, by_person, news_between
from .wording import chat_text, message_text, subject

_SECONDS = 20
_FIRST_LOOK = timedelta(days=1)
"""How far back the first message of a channel looks."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server and whom it writes to."""

    server: str
    """`smtp://host:25`, with STARTTLS where it is offered, or `smtps://host:465`."""
    sender: str
    addresses: Mapping[str, str]
    """Address by reviewer's name."""
    user: str | None = None
    password: str | None = None


def tell_news(
    store: Store,
    *,
    mail: Mail | None = None,
    webhook: str | None = None,
    page: str | None = None,
    rules: QueueRules | None = None,
    now: datetime | None = None,
) -> int:
    """Send what is new since each channel was last used; returns how many messages went out.

    A channel that fails is asked again next time with the same news.

    Args:
        store: Where.
        mail: Each person gets what concerns them.
        webhook: An `https` address that takes `{"text": …}`; it gets everything.
        page: Address of the review page, for links.
        rules: The project's queues: who is responsible for each.
        now: For tests.

    Raises:
        UsageError: if an address is none.
        RemoteError: if a server does not answer or refuses.
    """
    moment = (now or utc_now()).replace(microsecond=0)
    sent = 0
    if webhook is not None:
        news = news_between(store, _since(store, "webhook", moment), moment, rules)
        if news:
            _post(webhook, {"text": chat_text(news, page)})
            sent += 1
        set_setting(store, "told.webhook", utc_text(moment))
    if mail is not None:
        news = news_between(store, _since(store, "mail", moment), moment, rules)
        letters = [_letter(mail, address, mine, page) for address, mine in by_person(news, mail.addresses).items()]
        if letters:
            _send(mail, letters)
        sent += len(letters)
        set_setting(store, "told.mail", utc_text(moment))
    return sent


def _since(store: Store, channel: str, now: datetime) -> datetime:
    last = get_setting(store, f"told.{channel}")
    return datetime.fromisoformat(last) if isinstance(last, str) else now - _FIRST_LOOK


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """News goes to the address that was given, nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(url: str, content: Mapping[str, str]) -> None:
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise UsageError("The webhook is no https address. Use the one that the chat's settings show.")
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(content).encode(), headers)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_SECONDS):
            return
    except (OSError, ValueError) as err:
        told = f"{err.code}" if isinstance(err, urllib.error.HTTPError) else type(err).__name__
        raise RemoteError(f"The webhook at {parts.hostname} did not take the message ({told}). Try again.") from None


def _letter(mail: Mail, address: str, news: Sequence[News], page: str | None) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = mail.sender, address
    letter["Subject"] = subject(news)
    letter.set_content(f"{message_text(news, page)}\n")
    return letter


def _send(mail: Mail, letters: Sequence[EmailMessage]) -> None:
    parts = urlsplit(mail.server)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise UsageError(f"{safe_line(mail.server, 80)!r} is no mail server. Write smtp://HOST:PORT or smtps://HOST.")
    safely = ssl.create_default_context()
    try:
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=_SECONDS, context=safely)
        else:
            server = smtplib.SMTP(parts.hostname, parts.port or 25, timeout=_SECONDS)
        with server:
            server.ehlo()
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=safely)
            if mail.user and mail.password:
                _log_in(server, mail.user, mail.password, encrypted=isinstance(server.sock, ssl.SSLSocket))
            for letter in letters:
                server.send_message(letter)
    except (OSError, smtplib.SMTPException) as err:
        raise RemoteError(
            f"The mail server {parts.hostname} did not take it ({type(err).__name__}). Try again."
        ) from None


def _log_in(server: smtplib.SMTP, user: str, password: str, *, encrypted: bool) -> None:
    if not encrypted:
        raise UsageError("This mail server offers no TLS, so the password is not sent. Use smtps:// or leave it out.")
    server.login(user, password)
