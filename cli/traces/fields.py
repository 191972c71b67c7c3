"""`retrospan fields`."""

from __future__ import annotations

from typing import Any

import click

from ...model.errors import UsageError
from ...model.reading.field_names import FIELDS
from ...model.reading.fields import FieldRule
from ...model.text.display import safe_line
from ...services.finding.attributes import AttributeView, list_attributes
from ...services.receiving.fields import Applied, apply_fields, map_field, unmap_field
from ...store.settings.fields import own_field_rules
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar

_ROWS = 60
_project_option = click.option("--project", help="Only in this project.")


@click.group(
    "fields",
    invoke_without_command=True,
    epilog="""\b
Examples:
  retrospan fields
  retrospan fields --name 'acme.*' --json
  retrospan fields map acme.result outcome --value ok=pass --value ko=fail
  retrospan fields map score.reward outcome --value '>=1=pass' --value '*=fail'
  retrospan fields unmap acme.result""",
)
@click.option("--name", "pattern", help="Only attributes of this name; * stands for anything.")
@click.option("--all", "everything", is_flag=True, help="Also what instrumentations fill for themselves.")
@_project_option
@store_option
@json_option
@click.pass_context
def fields_group(
    context: click.Context,
    pattern: str | None,
    everything: bool,
    project: str | None,
    store_location: str | None,
    as_json: bool,
) -> None:
    """List what came with runs (attributes, metadata, scores), and say which field it is.

    Outcome, task, version, run id, session, user and environment are recognised under common names. Other names are
    mapped with one line, which also holds for what is stored and for what comes later.
    """
    if context.invoked_subcommand is not None:
        return
    with opened(store_location) as store:
        views = list_attributes(store, project=project, pattern=pattern, everything=everything)
        rules = own_field_rules(store, project or "")
    if as_json:
        print_json({"attributes": [_attribute(view) for view in views], "rules": [_rule(rule) for rule in rules]})
        return
    for view in views[:_ROWS]:
        echo(_row(view))
    if len(views) > _ROWS:
        echo(f"… and {len(views) - _ROWS} more; narrow with --name 'acme.*', or take --json for all.")
    if not views:
        echo("No run came with anything but its steps. --all also lists what instrumentations fill.")
    for rule in rules:
        echo(f"mapped: {safe_line(rule.attribute)} is {rule.field}{_values(rule)}")
    if views and not any(view.field == "outcome" for view in views):
        echo("\nNo outcome is known by name. Map one: retrospan fields map ATTRIBUTE outcome --value VALUE=pass …")


@fields_group.command("map")
@click.argument("attribute")
@click.argument("field", metavar=f"[{'|'.join(FIELDS)}]")
@click.option("--value", "values", multiple=True, metavar="FOUND=MEANS", help="What a value means; >=0.7=pass, *=fail.")
@_project_option
@store_option
@json_option
def map_command(
    attribute: str,
    field: str,
    values: tuple[str, ...],
    project: str | None,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Read ATTRIBUTE as a field, in what is stored and in what comes."""
    pairs = [_pair(value) for value in values]
    with opened(store_location) as store, progress_bar() as on_progress:
        done = map_field(
            store,
            attribute,
            field,
            pairs,
            project=project,
            on_progress=lambda count, total: on_progress("reading anew", count, total),
        )
    _print(done, as_json)


@fields_group.command("unmap")
@click.argument("attribute")
@_project_option
@store_option
@json_option
def unmap_command(attribute: str, project: str | None, store_location: str | None, as_json: bool) -> None:
    """Forget what was said of ATTRIBUTE."""
    with opened(store_location) as store, progress_bar() as on_progress:
        done = unmap_field(
            store,
            attribute,
            project=project,
            on_progress=lambda count, total: on_progress("reading anew", count, total),
        )
    _print(done, as_json)


@fields_group.command("apply")
@_project_option
@store_option
@json_option
def apply_command(project: str | None, store_location: str | None, as_json: bool) -> None:
    """Read the fields of all stored runs anew, as after an update that knows more names."""
    with opened(store_location) as store, progress_bar() as on_progress:
        count = apply_fields(
            store, project=project, on_progress=lambda count, total: on_progress("reading anew", count, total)
        )
    if as_json:
        print_json({"traces": count})
    else:
        echo(f"{count} runs read anew.")


def _pair(text: str) -> tuple[str, str]:
    found, sign, means = text.rpartition("=")
    if not sign or not found or not means:
        raise UsageError(f"--value {text!r} is no pair. Write FOUND=MEANS, for example --value ok=pass.")
    return found, means


def _print(done: Applied, as_json: bool) -> None:
    if as_json:
        made = [{"value": value, "means": means, "traces": count} for value, means, count in done.made]
        print_json({"traces": done.traces, "values": made, "rules": [_rule(rule) for rule in done.rules]})
        return
    echo(f"{done.traces} stored runs read anew." if done.traces else "No stored run has it yet; kept for later.")
    for value, means, count in done.made[:_ROWS]:
        echo(f"  {safe_line(value, 40)} → {safe_line(means, 40) if means else 'nothing'}  ({count} runs)")


def _row(view: AttributeView) -> str:
    count = view.count
    shown = ", ".join(f"{safe_line(value, 30)} ({traces})" for value, traces in count.values)
    more = f", … {count.kinds} values" if count.kinds > len(count.values) else ""
    field = f"= {view.field}{' (mapped)' if view.mapped else ''}" if view.field else ""
    return f"{safe_line(count.name, 48):<48} {count.traces:>6} runs  {field:<18} {shown}{more}".rstrip()


def _values(rule: FieldRule) -> str:
    pairs = ", ".join(f"{safe_line(found, 30)}={safe_line(means, 30)}" for found, means in rule.values)
    return f" ({pairs})" if pairs else ""


def _attribute(view: AttributeView) -> dict[str, Any]:
    count = view.count
    return {
        "attribute": count.name,
        "traces": count.traces,
        "distinct": count.kinds,
        "values": [{"value": value, "traces": traces} for value, traces in count.values],
        "field": view.field,
        "by": None if view.field is None else "mapped" if view.mapped else "recognised",
    }


def _rule(rule: FieldRule) -> dict[str, Any]:
    return {"attribute": rule.attribute, "field": rule.field, "values": dict(rule.values)}
