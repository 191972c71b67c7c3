"""`retrospan review` and `retrospan tui`: the terminal app, in the review queue or at home."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ...model.errors import UsageError
from ...model.extras import require_extra
from ...store.contract import Store
from ...trust.session import ReviewSession
from ..lazy import LazyGroup
from ..shared.options import opened, store_option
from ..shared.unlocking import unlocked

_COMMANDS = {
    "digest": ("reviews.review_progress:digest_command", "What waits for whom, ready to mail"),
    "notify": ("reviews.notify:notify_command", "Mail or post what is new"),
    "outcomes": ("reviews.review_progress:outcomes_command", "What became of verdicts"),
    "agreement": ("reviews.review_progress:agreement_command", "How far reviewers agree"),
    "answer": ("reviews.review_progress:answer_command", "Answer a question on an item"),
    "comment": ("reviews.comment:comment_command", "Read or leave comments beside an item"),
    "ask": ("reviews.review_progress:ask_command", "Ask the people who judge an item"),
    "inbox": ("reviews.teach:inbox_command", "Signed fails that nothing has come of yet"),
    "teach": ("reviews.teach:teach_command", "Make lesson, case and rubric of a signed fail"),
    "decides": ("reviews.review_progress:decides_command", "Say that an answer decides how a run ended"),
    "complete": ("reviews.review_progress:complete_command", "Sign the engineer's part of a verdict"),
    "export": ("reviews.review_progress:export_command", "Write verdicts to a file"),
}
_THEMES = ("retrospan", "daylight", "contrast")


def _app_options(command: click.Command) -> click.Command:
    folder = click.Option(
        ["--folder"],
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        default=Path(),
        help="The project whose .retrospan folder takes confirmed lessons and cases (default: this folder).",
    )
    theme = click.Option(["--theme"], type=click.Choice(_THEMES), help="Colours (default: those chosen last).")
    reviewer = click.Option(["--reviewer"], metavar="NAME", help="Who you are, where several keys lie here.")
    command.params += [reviewer, folder, theme]
    return command


@_app_options
@click.group(
    "review",
    cls=LazyGroup,
    commands_map=_COMMANDS,
    invoke_without_command=True,
    epilog="""\b
Examples:
  retrospan review
  retrospan review --reviewer Ada --folder ~/work/support-agent
  retrospan review --theme contrast
  retrospan review --web --reviewer Ada --invite 'Bo Lind'
  retrospan review digest""",
)
@click.option("--web", is_flag=True, help="Serve the review page for a browser instead of the terminal app.")
@click.option("--invite", "invited", multiple=True, metavar="NAME", help="With --web: print an invitation link.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --web: address to listen on.")
@click.option("--port", default=8477, show_default=True, type=click.IntRange(0, 65_535), help="With --web.")
@click.option("--allowed-host", "allowed_hosts", multiple=True, metavar="NAME", help="With --web: a public host name.")
@click.option("--behind-tls", is_flag=True, help="With --web: a proxy in front speaks TLS with the browsers.")
@store_option
@click.pass_context
def review_command(
    context: click.Context,
    reviewer: str | None,
    folder: Path,
    theme: str | None,
    web: bool,
    invited: tuple[str, ...],
    host: str,
    port: int,
    allowed_hosts: tuple[str, ...],
    behind_tls: bool,
    store_location: str | None,
) -> None:
    """Answer the questions that wait for people; a subcommand says how reviewing gets on.

    Asks for your passphrase once, then opens the queue: read what happened, answer with one key and one sentence, see
    what the agent proposed, sign. Confirmed lessons, cases and rubrics are written to the project's .retrospan folder.

    With --web the same is a page for a browser, made for people who are not engineers: they sign in with their
    passphrase, and an invitation link lets a new person choose one.
    """
    if context.invoked_subcommand is not None:
        return
    if web:
        from .review_web import PageOptions, serve_page

        with opened(store_location) as store:
            inviter = unlocked(store, reviewer) if invited else None
            serve_page(store, inviter, invited, PageOptions(host, port, allowed_hosts, behind_tls))
        return
    _require_screen()
    with opened(store_location) as store:
        _run(store, "review", session=unlocked(store, reviewer), reviewer=reviewer, folder=folder, theme=theme)


@_app_options
@click.command(
    "tui",
    epilog="""\b
Examples:
  retrospan tui
  retrospan tui --store team.db --theme daylight""",
)
@store_option
def tui_command(reviewer: str | None, folder: Path, theme: str | None, store_location: str | None) -> None:
    """Open the terminal app: what is failing, what waits for you, runs, lessons.

    Reading needs no passphrase; it is asked for when you sign.
    """
    _require_screen()
    with opened(store_location) as store:
        _run(store, "home", session=None, reviewer=reviewer, folder=folder, theme=theme)


def _require_screen() -> None:
    require_extra("tui")
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError(
            "The terminal app needs a terminal for input and output; one of them is a pipe or a file. "
            "Use `retrospan trace list --json` and its siblings in scripts."
        )


def _run(
    store: Store, start: str, *, session: ReviewSession | None, reviewer: str | None, folder: Path, theme: str | None
) -> None:
    from ...tui.app import RetrospanApp

    RetrospanApp(store, start=start, session=session, reviewer=reviewer, folder=folder.resolve(), theme=theme).run()
