"""`retrospan review notify`: mail or post what is new in reviewing, once or again and again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from ...knowledge.queues import load_queues
from ...model.clock import time_span
from ...model.errors import RemoteError, UsageError
from ...model.text.display import safe_line
from ...services.notifying.sending import Mail, tell_news
from ..shared.options import opened, store_option
from ..shared.output import say

_PASSWORD = "RETROSPAN_SMTP_PASSWORD"
_WEBHOOK = "RETROSPAN_WEBHOOK"


@click.command(
    "notify",
    epilog="""\b
Examples:
  retrospan review notify --mail smtp://mail.example.org:587 --from reviews@example.org --to "Ada=ada@example.org"
  retrospan review notify --every 1m --page https://review.example.org   (with RETROSPAN_WEBHOOK set)
""",
)
@click.option("--mail", metavar="URL", help="Mail server: smtp://HOST:PORT (STARTTLS where offered) or smtps://HOST.")
@click.option("--from", "sender", metavar="ADDRESS", help="Who the mail is from.")
@click.option("--to", "people", metavar="NAME=ADDRESS", multiple=True, help="A reviewer's address; may be repeated.")
@click.option("--user", metavar="NAME", help=f"Log in at the mail server; the password is read from {_PASSWORD}.")
@click.option(
    "--webhook", metavar="URL", envvar=_WEBHOOK, help=f"A Slack-compatible webhook; also read from {_WEBHOOK}."
)
@click.option("--page", metavar="URL", help="Address of the review page, for links.")
@click.option("--every", metavar="TIME", help="Go on: 1m tells at once, 24h once a day. Left out: once, for cron.")
@store_option
def notify_command(
    mail: str | None,
    sender: str | None,
    people: tuple[str, ...],
    user: str | None,
    webhook: str | None,
    page: str | None,
    every: str | None,
    store_location: str | None,
) -> None:
    """Tell people what is new, comes due, was asked back or decided since they were last told."""
    letter = None
    if mail is not None:
        if not sender or not people:
            raise UsageError("Mail needs --from ADDRESS and --to NAME=ADDRESS for each person.")
        letter = Mail(mail, sender, dict(map(_person, people)), user, os.environ.get(_PASSWORD))
    if letter is None and webhook is None:
        raise UsageError("Nothing says where to: name --mail or --webhook.")
    pause = None if every is None else time_span(every).total_seconds()
    with opened(store_location) as store:
        while True:
            try:
                rules = load_queues(Path())[0]
                sent = tell_news(store, mail=letter, webhook=webhook, page=page, rules=rules)
                say(f"{sent} message{'' if sent == 1 else 's'} sent." if sent else "Nothing is new.")
            except RemoteError as err:
                if pause is None:
                    raise
                say(str(err))
            if pause is None:
                return
            time.sleep(pause)


def _person(text: str) -> tuple[str, str]:
    name, _, address = text.rpartition("=")
    if not name.strip() or "@" not in address or any(character.isspace() for character in address.strip()):
        raise UsageError(f"{safe_line(text, 80)!r} names no person and address. Write NAME=ADDRESS.")
    return name.strip(), address.strip()
