"""`retrospan review digest|outcomes|agreement|answer|ask|complete|export`: how reviewing gets on."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path

import click

from ...knowledge.queues import load_queues
from ...model.errors import StoreError
from ...model.findings import CauseClass
from ...model.reviews import ReviewItem
from ...model.text.display import safe_line
from ...services.reviewing.agreement import AgreementReport, CriterionAgreement, agreement_report
from ...services.reviewing.asking_back import answer_back, ask_reviewers
from ...services.reviewing.completing import complete_verdict
from ...services.reviewing.deciding_questions import mark_deciding
from ...services.reviewing.export import ExportFormat, export_verdicts, render_export
from ...services.reviewing.inbox import to_complete
from ...services.reviewing.outcomes import OutcomeReport, review_outcomes
from ...services.reviewing.progress import BY_HAND, Digest, Waiting, review_digest
from ...services.reviewing.shown import who_asked
from ...trust.passphrase import require_terminal
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, print_text, say
from ..shared.unlocking import unlocked
from .teach import inbox_json, say_entry

_SHOWN = 10


@click.command(
    "digest", epilog="\b\nExamples:\n  retrospan review digest\n  retrospan review digest | mail -s reviews ada"
)
@store_option
@json_option
def digest_command(store_location: str | None, as_json: bool) -> None:
    """Say what waits for whom: items, questions back, disputes. Made to be mailed."""
    with opened(store_location) as store:
        digest = review_digest(store, load_queues(Path())[0])
        inbox = to_complete(store)
    if as_json:
        print_json(_digest_json(digest) | {"to_complete": inbox_json(inbox)})
        return
    say(f"Reviews, {digest.at}: {digest.decided_week} decided in the last 7 days")
    for waiting in digest.waiting:
        _say_waiting(waiting)
    if digest.disputed:
        echo()
        say(f"Disputed ({len(digest.disputed)}): reviewers differ; somebody who did not rate them decides")
        _say_items(digest.disputed)
    if inbox:
        echo()
        say(f"Engineers: {len(inbox)} signed fails to complete")
        for entry in inbox[:_SHOWN]:
            say_entry(entry)
    echo()
    nothing = digest.nothing and not inbox
    say("Nothing waits for anybody." if nothing else "Answer them: retrospan review")


def _say_waiting(waiting: Waiting) -> None:
    echo()
    whom = waiting.name or "Whoever comes first"
    late = f", {waiting.overdue} overdue" if waiting.overdue else ""
    say(f"{whom}: {len(waiting.items)} items, about {waiting.minutes:.0f} min{late}")
    _say_items(waiting.items)
    for question in waiting.questions:
        due = f", due {question.due_at}" if question.due_at else ""
        say(f"  R{question.item_id} {question.asked_by} asks: {safe_line(question.question, 120)}{due}")


def _say_items(items: Sequence[ReviewItem]) -> None:
    for item in items[:_SHOWN]:
        due = f", due {item.due_at}" if item.due_at else ""
        asked = f", asked by {who_asked(item)}"
        say(f"  {item.short_id} {safe_line(item.question, 100)}{asked}{due}")
        if item.altered:
            say(f"    {item.altered}")
    if len(items) > _SHOWN:
        say(f"  and {len(items) - _SHOWN} more")


def _digest_json(digest: Digest) -> dict[str, object]:
    return {
        "at": digest.at,
        "decided_last_7_days": digest.decided_week,
        "waiting": [
            {
                "name": waiting.name or None,
                "items": [_item_json(item) for item in waiting.items],
                "questions": [
                    {
                        "item": f"R{entry.item_id}",
                        "asked_by": entry.asked_by,
                        "question": entry.question,
                        "due_at": entry.due_at,
                    }
                    for entry in waiting.questions
                ],
                "overdue": waiting.overdue,
                "minutes": waiting.minutes,
            }
            for waiting in digest.waiting
        ],
        "disputed": [_item_json(item) for item in digest.disputed],
    }


def _item_json(item: ReviewItem) -> dict[str, object]:
    return {
        "id": item.short_id,
        "queue": item.queue or BY_HAND,
        "trace": f"T{item.trace_id}" if item.trace_id else None,
        "session": item.session,
        "question": item.question,
        "asked_by": item.requested_by,
        "decides": item.decides or None,
        "altered": item.altered or None,
        "due_at": item.due_at,
        "created_at": item.created_at,
    }


_LAST = {None: "", True: ", passes", False: ", fails"}


@click.command("outcomes", epilog="\b\nExamples:\n  retrospan review outcomes --reviewer Ada")
@click.option("--reviewer", metavar="NAME", help="Only verdicts of this person.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Newest verdicts at most.")
@store_option
@json_option
def outcomes_command(reviewer: str | None, limit: int, store_location: str | None, as_json: bool) -> None:
    """Show what became of verdicts: lessons, regression cases, and whether the failure has come back."""
    with opened(store_location) as store:
        report = review_outcomes(store, reviewer=reviewer, limit=limit)
    if as_json:
        print_json(_outcomes_json(report))
        return
    say(report.in_words)
    for entry in report.outcomes:
        came = [f"lesson {lesson.id} ({lesson.status.value})" for lesson in entry.lessons]
        came += [f"case {case.id} ({case.status}{_LAST[case.passes]})" for case in entry.cases]
        if entry.recurrences is not None:
            back = "has not come back" if not entry.recurrences else f"came back {entry.recurrences} times"
            came.append(f"{back} in {entry.runs_since} runs")
        if entry.repeats:
            came.append(f"repeated without a difference by {', '.join(f'T{t}' for t in entry.repeats[:5])}")
        verdict = entry.verdict
        say(f"{verdict.short_id} {verdict.answer.label.value}, {entry.in_words}: {'; '.join(came) or 'nothing yet'}")


def _outcomes_json(report: OutcomeReport) -> dict[str, object]:
    return {
        "reviewer": report.reviewer,
        "summary": report.in_words,
        "verdicts": [
            {
                "verdict": entry.verdict.short_id,
                "label": entry.verdict.answer.label.value,
                "signed_at": entry.verdict.signed_at,
                "lessons": [
                    {"id": story.lesson.id, "status": story.lesson.status.value, "story": story.in_words}
                    for story in entry.stories
                ],
                "numbers": list(entry.numbers),
                "cases": [{"id": case.id, "status": case.status, "passes": case.passes} for case in entry.cases],
                "completed_by": entry.completed_by,
                "runs_since": entry.runs_since,
                "recurrences": entry.recurrences,
                "repeats": [f"T{trace_id}" for trace_id in entry.repeats],
            }
            for entry in report.outcomes
        ],
    }


@click.command("agreement", epilog="\b\nExamples:\n  retrospan review agreement\n  retrospan review agreement --json")
@click.option("--rubric", metavar="ID", help="Only of this rubric.")
@click.option("--queue", metavar="NAME", help="Only of this queue.")
@store_option
@json_option
def agreement_command(rubric: str | None, queue: str | None, store_location: str | None, as_json: bool) -> None:
    """Say how far reviewers agree, per criterion, and whether they follow the agent's proposals.

    First answers count, which were given blind. Under 50 items with two answers nothing is claimed.
    """
    with opened(store_location) as store:
        report = agreement_report(store, rubric=rubric, queue=queue)
    if as_json:
        print_json(_agreement_json(report))
        return
    for entry in report.criteria:
        say(f"{entry.rubric} / {entry.criterion}: {entry.in_words}")
        if entry.agreement.enough:
            say(f"  {_numbers(entry)}")
    if not report.criteria:
        say("Nothing is judged yet. Fill a queue with `retrospan queue fill`, with an overlap of 2 for agreement.")
    if report.could_switch:
        switched, low, high = report.switched
        say(f"After seeing a proposal they differed from, people took its answer in {switched:.0%} of "
            f"{report.could_switch} items ({low:.0%} to {high:.0%}); {report.away} left it.")  # fmt: skip
    if report.resisted is not None:
        value, low, high = report.resisted
        say(f"Of {report.seeded} proposals that were wrong on purpose, {value:.0%} were not followed "
            f"({low:.0%} to {high:.0%}).")  # fmt: skip
    if report.minutes_an_item is not None:
        say(f"An item takes {report.minutes_an_item:.1f} min (median of {report.timed}).")


def _numbers(entry: CriterionAgreement) -> str:
    found = entry.agreement
    told = [f"raw {found.raw.value:.2f} ({found.raw.low:.2f} to {found.raw.high:.2f})"]
    if found.coefficient is not None:
        value, low, high = found.coefficient
        told.append(f"{found.measure} {value:.2f} ({low:.2f} to {high:.2f})")
    told += [f"{label} {share:.0%}" for label, share in found.prevalence.items()]
    return ", ".join(told)


def _agreement_json(report: AgreementReport) -> dict[str, object]:
    return {
        "criteria": [
            {
                "rubric": entry.rubric,
                "criterion": entry.criterion,
                "doubles": entry.agreement.doubles,
                "enough": entry.agreement.enough,
                "raw": entry.agreement.raw if entry.agreement.enough else None,
                "measure": entry.agreement.measure,
                "coefficient": entry.agreement.coefficient if entry.agreement.enough else None,
                "prevalence": dict(entry.agreement.prevalence),
                "missing_reviews": entry.missing_reviews,
                "missing_minutes": entry.missing_minutes,
                "in_words": entry.in_words,
            }
            for entry in report.criteria
        ],
        "switched": report.switched if report.could_switch else None,
        "could_switch": report.could_switch,
        "left_proposal": report.away,
        "resisted": report.resisted,
        "seeded": report.seeded,
        "minutes_an_item": report.minutes_an_item,
        "timed": report.timed,
    }


@click.command("answer", epilog='\b\nExamples:\n  retrospan review answer R31 "The policy of 2026."')
@click.argument("item", metavar="R31")
@click.argument("text")
@store_option
def answer_command(item: str, text: str, store_location: str | None) -> None:
    """Answer the question that is open on item R31; it waits again where it waited before."""
    with opened(store_location) as store:
        found = answer_back(store, item, text)
    say(f"{found.short_id} is {found.state.value} again.")


@click.command("ask", epilog='\b\nExamples:\n  retrospan review ask R31 "Which clause?" --due 2d')
@click.argument("item", metavar="R31")
@click.argument("question")
@click.option("--by", default="human", metavar="WHO", help="Who asks.")
@click.option("--due", default="3d", show_default=True, help="By when: 12h, 3d.")
@store_option
def ask_command(item: str, question: str, by: str, due: str, store_location: str | None) -> None:
    """Ask the people who judged item R31, or are to judge it. A verdict stays what it was."""
    with opened(store_location) as store:
        found = ask_reviewers(store, item, question, by=by if ":" in by else f"human:{by}", due=due)
    say(f"{found.short_id} waits for an answer. `retrospan review digest` shows it.")


@click.command("decides", epilog="\b\nExamples:\n  retrospan review decides R31\n  retrospan review decides R31 --no")
@click.argument("item", metavar="R31")
@click.option("--no", "taken_back", is_flag=True, help="Take the mark back.")
@click.option("--by", metavar="NAME", help="Who says so (default: the name of your account).")
@store_option
def decides_command(item: str, taken_back: bool, by: str | None, store_location: str | None) -> None:
    """Say that the answer to item R31 decides how its run ended; without that it answers its own question only.

    Whoever answers is shown who said so, and signs it. Nobody can say so once an answer is signed.
    """
    require_terminal()
    with opened(store_location) as store:
        who = by or getpass.getuser()
        found = mark_deciding(store, item, by=f"human:{who}", decides=not taken_back)
    say(f"The answer to {found.short_id} decides {'how its run ended' if found.decides else 'its own question only'}.")


@click.command(
    "complete", epilog="\b\nExamples:\n  retrospan review complete V12 --cause retrieval --step 4 --lesson ask-twice"
)
@click.argument("verdict", metavar="V12")
@click.option("--cause", type=click.Choice([cause.value for cause in CauseClass]), help="Class of the cause.")
@click.option("--step", metavar="STEP", help="Where it went wrong: 4 or T412.4.")
@click.option("--lesson", metavar="ID", help="The lesson that came of it.")
@click.option("--case", metavar="ID", help="The regression case that came of it.")
@click.option("--note", default="", help="Anything else.")
@click.option("--as", "reviewer", metavar="NAME", help="Who you are, where several keys lie here.")
@store_option
def complete_command(
    verdict: str,
    cause: str | None,
    step: str | None,
    lesson: str | None,
    case: str | None,
    note: str,
    reviewer: str | None,
    store_location: str | None,
) -> None:
    """Sign the engineer's part of verdict V12: where it went wrong, from what cause, and what came of it."""
    with opened(store_location) as store:
        session = unlocked(store, reviewer)
        try:
            done = complete_verdict(
                store, session, verdict, cause=cause, step=step, lesson=lesson, case=case, note=note
            )
        finally:
            session.lock()
    say(f"{verdict} is completed by {done.engineer} (signature {done.state.value}).")


@click.command(
    "export", epilog="\b\nExamples:\n  retrospan review export verdicts.csv\n  retrospan review export --format jsonl"
)
@click.argument("path", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv"]), help="Default: by the file's ending, else jsonl."
)
@click.option("--project", metavar="P", help="Only on traces of this project.")
@click.option("--valid", "only_valid", is_flag=True, help="Only verdicts that count.")
@store_option
def export_command(
    path: Path | None, form: ExportFormat | None, project: str | None, only_valid: bool, store_location: str | None
) -> None:
    """Write verdicts to PATH or stdout, each with what its signature is worth now. Cells of CSV hold no formulas."""
    chosen = form or ("csv" if path is not None and path.suffix.lower() == ".csv" else "jsonl")
    with opened(store_location) as store:
        records = export_verdicts(store, project=project, only_valid=only_valid)
    text = render_export(records, chosen)
    if path is None:
        print_text(text)
        return
    try:
        path.write_bytes(text.encode())
    except OSError as err:
        raise StoreError(f"Cannot write {path}: {err.strerror}.") from err
    say(f"{len(records)} verdicts in {path}", err=True)
