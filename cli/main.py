"""The command `retrospan`. Subcommands live in modules of their own and are imported when they are called."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from ..model.errors import RetrospanError
from ..model.quiet import keep_dependencies_quiet
from .lazy import LazyGroup
from .shared.output import echo

COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("traces.import_:import_command", "Bring trace files and folders in"),
    "pull": ("traces.pull:pull_command", "Fetch traces from another product"),
    "push": ("traces.pull:push_command", "Write human verdicts back to it"),
    "serve": ("serving.serve:serve_command", "Receive traces over OTLP/HTTP"),
    "connect": ("serving.connect:connect_group", "Connect an application or an assistant"),
    "token": ("serving.token:token_group", "Make, list and revoke tokens for serve"),
    "mcp": ("serving.mcp:mcp_command", "Serve an assistant over stdio"),
    "call": ("serving.call:call_command", "Call one of the assistant's tools from a shell"),
    "trace": ("traces.trace:trace_group", "List, show and compare traces"),
    "query": ("traces.query:query_command", "Answer a question in SQL over runs, steps, calls, …"),
    "export": ("traces.query:export_command", "Write runs, steps, calls, … to files"),
    "suspects": ("traces.suspects:suspects_command", "Rank the steps where a run went wrong"),
    "compare": ("traces.compare:compare_command", "Compare two versions, windows or groups"),
    "signals": ("traces.signals:signals_command", "Show what is notable in traces; mute signals"),
    "invariants": ("traces.invariants:invariants_group", "Rules that every run must keep: check, use, list"),
    "weights": ("traces.weights:weights_command", "What each source of evidence weighs in a project"),
    "mode": ("modes.mode:mode_group", "Failure modes: list, show, name, confirm, fix"),
    "observe": ("modes.observe:observe_command", "File what you noticed in a step"),
    "digest": ("modes.digest:digest_command", "What is new, grown or back since last time"),
    "paths": ("traces.paths:paths_command", "The ways runs take, and which nobody has tested"),
    "embed": ("serving.embed:embed_command", "Prepare search by meaning"),
    "fields": ("traces.fields:fields_group", "What came with runs, and which field it is"),
    "mark": ("traces.mark:mark_command", "Say what is known of runs, in bulk"),
    "prune": ("privacy.erase:prune_command", "Take out traces that are older than an age"),
    "delete": ("privacy.erase:delete_command", "Take out the traces of a session or a user"),
    "redact": ("privacy.erase:redact_command", "Take secrets out of what is stored already"),
    "review": ("reviews.review:review_command", "Answer the questions that wait for people"),
    "tui": ("reviews.review:tui_command", "Open the terminal app"),
    "queue": ("reviews.queue:queue_group", "Fill the queues of people, and see how they get on"),
    "rubric": ("reviews.rubric:rubric_group", "What good is: versions, differences, confirmation"),
    "reviewer": ("reviews.reviewer:reviewer_group", "Whose verdicts count here"),
    "trust": ("reviews.trust:trust_command", "Let a project's retrospan.toml name reviewers"),
    "audit": ("reviews.audit:audit_group", "Check the history of verdicts"),
    "triage": ("agents.triage:triage_command", "Let a model investigate runs, inside a budget"),
    "judge": ("agents.judge:judge_command", "Let a model answer one criterion of a rubric"),
    "fix": ("agents.fix:fix_command", "Let a model propose a patch from what was confirmed"),
    "transcript": ("agents.transcript:transcript_group", "What agents said and were told"),
    "lesson": ("knowledge.lesson:lesson_group", "List and show what was learned"),
    "case": ("knowledge.case:case_group", "Draft, list and run regression cases"),
    "demo": ("demo.demo:demo_command", "See the whole loop on an example agent"),
    "store": ("serving.store:store_group", "Check, back up, restore and salvage the store"),
    "doctor": ("serving.doctor:doctor_command", "Check the store, the driver and the set-up"),
}
"""Name → where the command is (`module:attribute` in this folder), and its line in the help."""


@click.group(cls=LazyGroup, commands_map=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="retrospan", prog_name="retrospan")
def cli() -> None:
    """Turn the traces of an AI agent into lessons that hold.

    \b
    First steps:
      retrospan demo                   see the whole loop on an example agent
      retrospan import runs.jsonl      bring your own traces in
      retrospan serve                  receive OTLP on http://127.0.0.1:4318
    """


def main(args: Sequence[str] | None = None) -> None:
    """Entry point: runs a command and turns our errors into one line on stderr and an exit code."""
    keep_dependencies_quiet()
    try:
        code = cli.main(args=None if args is None else list(args), standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as err:
        echo(err.format_message())
        code = 0
    except click.UsageError as err:
        _show(err)
        code = 2
    except click.ClickException as err:
        _show(err)
        code = 1
    except (click.Abort, KeyboardInterrupt):
        echo("Stopped.", err=True)
        code = 130
    except BrokenPipeError:
        code = 0
    except RetrospanError as err:
        echo(f"retrospan: {err}", err=True)
        code = err.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _show(err: click.ClickException) -> None:
    """An error of click's own, as it words it: the text may hold what was typed, and that may be anything."""
    if isinstance(err, click.UsageError) and err.ctx is not None:
        echo(err.ctx.get_usage(), err=True)
        echo(f"Try '{err.ctx.command_path} --help' for help.\n", err=True)
    echo(f"Error: {err.format_message()}", err=True)
