"""`retrospan mode list|show|rename|confirm|fix|sample`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ...answers.json.modes import detail_json, mode_json, modes_json, sample_json
from ...model.text.display import safe_line
from ...services.modes.catching_up import Backlog, catch_up
from ...services.modes.life import confirm_mode, fix_mode
from ...services.modes.observing import name_mode
from ...services.modes.sampling import discovery_sample
from ...services.modes.views import ModeDetail, ModesPage, ModeView, list_modes, show_mode
from ...store.contract import Store
from ...store.traces.places import DEFAULT_PROJECT
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar
from ..shared.search_line import SearchLineCommand

_Command = TypeVar("_Command", bound=Callable[..., Any])


def within_option(*, default: float) -> Callable[[_Command], _Command]:
    """`--within SECONDS`: how long to look at runs that nobody has looked at yet."""
    return click.option(
        "--within",
        metavar="SECONDS",
        default=default,
        show_default=True,
        type=click.FloatRange(0),
        help="How long to work on runs that came since; what is left is said.",
    )


def bring_up_to_date(store: Store, seconds: float) -> Backlog:
    """Analyse and place what waits, with a bar, as far as the time goes."""
    with progress_bar() as report:
        first: list[int] = []

        def told(left: Backlog) -> None:
            first.append(left.runs)
            report("looking at runs", max(max(first) - left.runs, 0), max(first))

        return catch_up(store, seconds=seconds, on_progress=told)


def person() -> str:
    """Who acts at this shell, as it is noted in a mode's life."""
    return f"human:{getpass.getuser()[:60]}"


@click.group("mode")
def mode_group() -> None:
    """The ways in which runs fail: named groups of alike failing runs, each with a life of its own."""


@mode_group.command(
    "list",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan mode list
  retrospan mode list 'version:v2 since:7d' --json""",
)
@click.argument("query", required=False, default="")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1_000))
@within_option(default=20.0)
@store_option
@json_option
def list_command(query: str, limit: int, within: float, store_location: str | None, as_json: bool) -> None:
    """List failure modes, largest first, among the runs that QUERY finds."""
    with opened(store_location) as store:
        left = bring_up_to_date(store, within)
        page = list_modes(store, query, limit=limit)
    if as_json:
        print_json(modes_json(page))
    else:
        _print_page(page)
        if left.runs:
            echo(f"{left.in_words} Go on with --within 600, or leave `retrospan serve` running.")


def _print_page(page: ModesPage) -> None:
    if not page.modes:
        echo(f"No failure mode in {page.runs} runs: none is called failed, and none shows a failure signal.")
    for view in page.modes:
        echo(row_of(view))
    if page.total > len(page.modes):
        echo(f"{len(page.modes)} of {page.total} modes shown; raise --limit.")
    if page.random:
        echo(f"{page.in_none} of {page.runs} runs are in no mode; at random, to look for what hides there: ", nl=False)
        echo(", ".join(page.random))


def row_of(view: ModeView) -> str:
    """A mode on two lines."""
    share = f"{view.share.value:.1%} [{view.share.low:.1%}–{view.share.high:.1%}]"
    mark = "" if view.row.failure else "good: "
    proposed = " (proposed name)" if view.named_by == "proposed" else ""
    first = f"{view.short_id:<5}{view.row.status.in_words:<10} {mark}{safe_line(view.name, 100)}{proposed}"
    told = f"{view.row.known} known to have failed" if view.row.known else "nobody said that they failed"
    where = "" if view.row.project == DEFAULT_PROJECT else f" of {safe_line(view.row.project, 40)}"
    of = f"{view.size} of {view.of} runs{where}, {share}"
    return f"{first}\n     {of}; {told}; {trend_words(view)}; such as {view.typical}"


def trend_words(view: ModeView) -> str:
    """Its trend in words; what chance explains is called steady."""
    if view.trend is None:
        return "too new for a trend"
    (now, now_n), (before, before_n) = view.trend.now, view.trend.before
    counts = f"{now} of {now_n} in the last {view.trend.days} days, {before} of {before_n} before"
    if view.trend.p >= 0.05:
        return f"steady ({counts})"
    return f"{'rising' if view.trend.change.value > 0 else 'falling'} ({counts})"


@mode_group.command(
    "show",
    epilog="""\b
Examples:
  retrospan mode show M3
  retrospan trace list mode:M3""",
)
@click.argument("mode")
@store_option
@json_option
def show_command(mode: str, store_location: str | None, as_json: bool) -> None:
    """Show one mode: a typical run, unlike ones, its life, and what was observed."""
    with opened(store_location) as store:
        detail = show_mode(store, mode)
    if as_json:
        print_json(detail_json(detail))
    else:
        _print_detail(detail)


def _print_detail(detail: ModeDetail) -> None:
    echo(row_of(detail.view))
    for label, summaries in (("typical", (detail.typical,)), ("unlike", detail.unlike)):
        for summary in summaries:
            echo(f"\n{label}  {detail.places[summary.id]}  {safe_line(', '.join(summary.signals), 80)}")
            echo(f"  asked     {safe_line(summary.input, 140)}")
            echo(f"  answered  {safe_line(summary.output, 140)}")
    if detail.observations:
        echo("\nobserved")
        for o in detail.observations:
            echo(f"  {o.short_id} T{o.trace_id} {safe_line(o.label, 60)}: “{safe_line(o.quote, 100)}”")
    echo("\nlife")
    for event in detail.events:
        echo(f"  {event.at}  {event.kind} by {safe_line(event.by, 40)} {safe_line(event.note, 80)}".rstrip())
    echo(f"\nAll of them: retrospan trace list mode:{detail.view.short_id}")


@mode_group.command("rename")
@click.argument("mode")
@click.argument("name")
@store_option
def rename_command(mode: str, name: str, store_location: str | None) -> None:
    """Call MODE by NAME; it keeps the name whatever joins it."""
    with opened(store_location) as store:
        short_id = name_mode(store, mode, name, by=person())
    echo(f"{short_id} is now called {safe_line(name, 100)}.")


@mode_group.command("confirm")
@click.argument("mode")
@click.option("--note", default="", help="Why.")
@store_option
@json_option
def confirm_command(mode: str, note: str, store_location: str | None, as_json: bool) -> None:
    """Say that MODE is a real failure."""
    with opened(store_location) as store:
        row = confirm_mode(store, mode, by=person(), note=note)
        view = show_mode(store, row.id).view if as_json else None
    if view is not None:
        print_json(mode_json(view))
    else:
        echo(f"{row.short_id} is confirmed ({row.size} runs). Nobody signed this: it is what was typed here.")


@mode_group.command("fix")
@click.argument("mode")
@click.option("--note", default="", help="What mended it: a commit, a version.")
@store_option
@json_option
def fix_command(mode: str, note: str, store_location: str | None, as_json: bool) -> None:
    """Say that MODE is mended from now on. A later run that fails this way re-opens it as regressed."""
    with opened(store_location) as store:
        row = fix_mode(store, mode, by=person(), note=note)
        view = show_mode(store, row.id).view if as_json else None
    if view is not None:
        print_json(mode_json(view))
    else:
        echo(f"{row.short_id} is fixed; a run from later that fails this way brings it back.")


@mode_group.command("sample", cls=SearchLineCommand)
@click.argument("query", required=False, default="")
@click.option("--size", default=12, show_default=True, type=click.IntRange(1, 200))
@store_option
@json_option
def sample_command(query: str, size: int, store_location: str | None, as_json: bool) -> None:
    """Show a diverse sample of runs to read: for failures that no signal shows."""
    with opened(store_location) as store:
        sample = discovery_sample(store, query, size=size)
    if as_json:
        print_json(sample_json(sample))
        return
    for pick in sample.picks:
        modes = " ".join(f"M{number}" for number in pick.modes)
        echo(f"{pick.trace.short_id:<7}{pick.why:<19}{modes:<8} {safe_line(pick.trace.input, 90)}")
    echo(f"{len(sample.picks)} of {sample.of} runs that nobody has judged. `retrospan observe` files what you notice.")
