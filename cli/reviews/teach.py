"""`retrospan review inbox|teach`: from a signed fail to a lesson, a case and the next rubric version."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ...model.findings import CauseClass
from ...model.text.display import safe_line
from ...regression.teaching.facts import FailFacts, load_facts
from ...regression.teaching.form import TeachingForm, case_of_form, suggest, try_form
from ...regression.teaching.keeping import accept_form, drafts_of_form
from ...regression.teaching.running import run_now
from ...regression.verifying.causing import causes_of
from ...services.reviewing.inbox import ToComplete, to_complete
from ...services.reviewing.subjects import find_step
from ...store.contract import Store
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say
from ..shared.unlocking import unlocked

_SHOWN = 20


@click.command("inbox", epilog="\b\nExamples:\n  retrospan review inbox\n  retrospan review inbox --json")
@store_option
@json_option
def inbox_command(store_location: str | None, as_json: bool) -> None:
    """List the signed fails that nothing has come of yet, wherever they were signed."""
    with opened(store_location) as store:
        entries = to_complete(store)
    if as_json:
        print_json(inbox_json(entries))
        return
    for entry in entries[:_SHOWN]:
        say_entry(entry)
    if len(entries) > _SHOWN:
        say(f"and {len(entries) - _SHOWN} more")
    if entries:
        say(f"Next: retrospan review teach {entries[0].verdict.short_id}")
    else:
        say("Something has come of every signed fail.")


def say_entry(entry: ToComplete) -> None:
    """One fail on a line."""
    verdict, trace = entry.verdict, f"T{entry.verdict.trace_id}" if entry.verdict.trace_id else "a session"
    words = f": {safe_line(entry.says, 100)}" if entry.says else ""
    say(f"  {verdict.short_id} {verdict.reviewer_name} failed {trace} “{safe_line(entry.asked, 60)}”{words}")


def inbox_json(entries: list[ToComplete]) -> list[dict[str, object]]:
    """Fails that wait for an engineer, as JSON."""
    return [
        {
            "verdict": entry.verdict.short_id,
            "trace": f"T{entry.verdict.trace_id}" if entry.verdict.trace_id else None,
            "reviewer": entry.verdict.reviewer_name,
            "signed_at": entry.verdict.signed_at,
            "asked": entry.asked,
            "failed": entry.failed,
            "says": entry.says,
        }
        for entry in entries
    ]


@click.command(
    "teach",
    epilog="""\b
Examples:
  retrospan review teach V12
  retrospan review teach V12 --cause arguments --step 7 --title 'Read the order before the refund'
  retrospan review teach V12 --sign --run""",
)
@click.argument("verdict", metavar="V12")
@click.option("--cause", type=click.Choice([cause.value for cause in CauseClass]), help="Why it went wrong.")
@click.option("--step", metavar="STEP", help="Where it went wrong: 4 or T412.4; - for none.")
@click.option("--title", help="The lesson in a few words: what to do.")
@click.option("--to-do", help="The lesson said in full.")
@click.option("--exactly", metavar="WORDS", help="Words that every right answer has letter for letter.")
@click.option("--frozen/--live", default=None, help="Tools of the case answer from the record, or for themselves.")
@click.option("--example", help="What is added to the failed criterion; - leaves the rubric as it is.")
@click.option("--sign", is_flag=True, help="Sign it and write the files; asks for your passphrase.")
@click.option("--run", "run_it", is_flag=True, help="With --sign: run the case on the declared target right away.")
@click.option("--as", "reviewer", metavar="NAME", help="Who you are, where several keys lie here.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Project folder (default: the current one).",
)
@store_option
def teach_command(
    verdict: str,
    cause: str | None,
    step: str | None,
    title: str | None,
    to_do: str | None,
    exactly: str | None,
    frozen: bool | None,
    example: str | None,
    sign: bool,
    run_it: bool,
    reviewer: str | None,
    folder: Path,
    store_location: str | None,
) -> int:
    """Make of the signed fail V12 a lesson, a regression case and the next version of the rubric.

    Without --sign it shows what would be written, and how the case fares on the recorded run: there it must fail.
    """
    with opened(store_location) as store:
        facts = load_facts(store, verdict)
        form = suggest(facts)
        form = replace(
            form,
            title=form.title if title is None else title,
            to_do=form.to_do if to_do is None else to_do,
            exactly=exactly or "",
            example=form.example if example is None else "" if example == "-" else example,
            cause=CauseClass(cause) if cause else form.cause,
            step=form.step if step is None else "" if step == "-" else find_step(facts.trace, step).span_id,
            frozen=form.frozen if frozen is None else frozen,
        )
        tells = _show(store, facts, form)
        if not sign:
            say("Nothing is written yet. Sign it with --sign." if tells else "It is not accepted so; change the form.")
            return 0 if tells else 1
        session = unlocked(store, reviewer)
        try:
            taught = accept_form(store, session, facts, form, folder)
        finally:
            session.lock()
        for path in taught.paths:
            say(f"Signed and written: {path}")
        if not run_it or taught.case is None:
            return 0
        passed, text = run_now(folder.resolve(), taught.case.id, store.location)
    echo(text)
    return 0 if passed else 1


def _show(store: Store, facts: FailFacts, form: TeachingForm) -> bool:
    """Say what the form makes; False where its case would not be accepted."""
    step, trace = facts.step(form.step), facts.trace.summary.short_id
    where = f"{trace}.{step.index} {step.tool or step.name}" if step else "no step named"
    say(f"{facts.verdict.short_id}: {facts.verdict.reviewer_name} failed {trace}: {safe_line(facts.question, 120)}")
    say(f"cause   {form.cause.value}, {safe_line(where, 80)}")
    for found in causes_of(store, facts.trace.summary.external_id):
        say(f"tried   {safe_line(found.in_words, 400)}")
    say(f"lesson  {safe_line(form.title, 120)}")
    case = case_of_form(facts, form)
    tried = try_form(facts, case, form.step) if case else None
    if case is None or tried is None:
        say("case    none: the run records nothing that it was asked")
    else:
        count = len(case.input) if isinstance(case.input, list) else 1
        say(f"case    {case.id}, {count} {'message' if count == 1 else 'messages'}")
        for check in tried.bad.checks:
            say(f"  {check.status.value} on {trace}: {safe_line(check.check, 100)} – {safe_line(check.reason, 120)}")
        if tried.why_not:
            say(f"  not accepted: {tried.why_not}")
        elif tried.judge_alone:
            say("  only a judge can tell: without a model key this case is skipped")
    for draft in drafts_of_form(facts, form):
        say(f"file    .retrospan/{draft.kind.value}s/{draft.name}")
    return tried is None or not tried.why_not
