"""`retrospan judge signal|function|probe`: judges that need no key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ...model.fields import record_of
from ...services.judging.functions import Answered, judge_by_function, judge_by_signal
from ..shared.options import json_option, opened, store_option
from ..shared.output import print_json, say

_OPTIONS = (
    click.option("--rubric", help="Id of a confirmed rubric (default: the built-in one)."),
    click.option("--criterion", help="Id of the criterion; may be left out where the rubric has one."),
    click.option("--name", help="Under which the answers are kept (default: after what answers)."),
    store_option,
    json_option,
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("signal", epilog="\b\nExamples:\n  retrospan judge signal ungrounded_value since:7d --rubric support")
@click.argument("signal")
@click.argument("query", nargs=-1)
@_options
def signal_command(
    signal: str,
    query: tuple[str, ...],
    rubric: str | None,
    criterion: str | None,
    name: str | None,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Let SIGNAL answer the criterion on the runs that QUERY finds: fail where it shows, pass where it does not.

    Needs no key and costs nothing. It is calibrated as a model is, and narrows a rate where it tells anything at all.
    """
    with opened(store_location) as store:
        done = judge_by_signal(store, signal, " ".join(query), rubric=rubric, criterion=criterion, name=name)
    _tell(done, as_json)


@click.command(
    "function", epilog="\b\nExamples:\n  retrospan judge function checks.judges:cites_policy since:7d --rubric support"
)
@click.argument("target", metavar="MODULE:FUNCTION")
@click.argument("query", nargs=-1)
@_options
def function_command(
    target: str,
    query: tuple[str, ...],
    rubric: str | None,
    criterion: str | None,
    name: str | None,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Let a Python function of this project answer the criterion on the runs that QUERY finds.

    It takes a trace (`retrospan.model.traces.Trace`) and answers 'pass', 'fail', a chance of a fail from 0 to 1, or
    None where it cannot tell. Its code runs here; once its file changes it is another version of the judge.
    """
    from ...regression.target import load_target

    function: Callable[..., object] = load_target(target, Path.cwd())
    with opened(store_location) as store:
        done = judge_by_function(store, function, " ".join(query), rubric=rubric, criterion=criterion, name=name)
    _tell(done, as_json)


@click.command("probe", epilog="\b\nExamples:\n  retrospan judge probe since:30d --rubric support --criterion window")
@click.argument("query", nargs=-1)
@_options
def probe_command(
    query: tuple[str, ...],
    rubric: str | None,
    criterion: str | None,
    name: str | None,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Learn the criterion from people's verdicts, and answer it on the runs that QUERY finds.

    Needs no key: it goes by the meaning of the runs (where the extra `semantic` is installed) and by computed facts. It
    says where it adds nothing, and leaves to people what it is not sure of or has seen nothing like.
    """
    from ...services.embedding.choose import embedder
    from ...services.judging.probing import judge_by_probe

    with opened(store_location) as store:
        done = judge_by_probe(store, " ".join(query), embedder(), rubric=rubric, criterion=criterion, name=name)
    if as_json:
        print_json(record_of(done, answered=record_of(done.answered), says=done.in_words))
        return
    say(done.in_words)
    _tell(done.answered, as_json=False)


def _tell(done: Answered, as_json: bool) -> None:
    if as_json:
        print_json(record_of(done))
        return
    left = f", {done.left} left to people" if done.left else ""
    say(
        f"{done.judge}: {done.fails} fail, {done.passes} pass{left}. Measure it: retrospan judge calibrate {done.judge}"
    )
