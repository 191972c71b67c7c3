"""`retrospan trace diff`."""

from __future__ import annotations

import click

from ...analysis.consensus import Shared
from ...answers.json.values import diff_json
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...model.text.jsontext import as_text
from ...services.privacy.read_notes import at_hand, note_reading
from ...services.understanding.consensus import AgainstGood, compare_with_good
from ...services.understanding.explaining import Comparison, compare_traces
from ...store.reading.summaries import resolve_trace
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

_SHOWN = 20


@click.command(
    "diff",
    epilog="""\b
Examples:
  retrospan trace diff T12              against the best comparable run
  retrospan trace diff T12 --all-good   against all comparable runs that went well
  retrospan trace diff T12 T15 --json""",
)
@click.argument("left")
@click.argument("right", required=False)
@click.option("--all-good", is_flag=True, help="What all comparable good runs share and this run lacks.")
@store_option
@json_option
def diff_command(left: str, right: str | None, all_good: bool, store_location: str | None, as_json: bool) -> None:
    """Align two runs and rank what differs, most consequential first."""
    if all_good and right is not None:
        raise UsageError("--all-good chooses the other runs itself. Leave the second trace out, or the option.")
    with opened(store_location) as store:
        left_id = resolve_trace(store, left)
        if all_good:
            found = compare_with_good(store, left_id)
            note_reading(store, [left_id], actor=at_hand("cli"), detail="trace diff --all-good")
            print_json(_consensus_json(found)) if as_json else print_consensus(found, _SHOWN)
            return
        comparison = compare_traces(store, left_id, resolve_trace(store, right) if right is not None else None)
        compared = [comparison.left.summary.id, comparison.right.summary.id]
        note_reading(store, compared, actor=at_hand("cli"), detail="trace diff")
    if as_json:
        print_json(diff_json(comparison))
        return
    print_diff(comparison, limit=_SHOWN)


def print_diff(comparison: Comparison, limit: int) -> None:
    """The most consequential differences for reading, side by side where the terminal is wide enough."""
    from ..shared.side_by_side import print_sides

    left, right = comparison.left.summary.short_id, comparison.right.summary.short_id
    echo(f"{left} against {right} ({safe_line(comparison.partner_because)})")
    if not comparison.diff.differences:
        echo("No difference.")
    for d in comparison.diff.differences[:limit]:
        where = f"{left}.{d.left if d.left is not None else '–'} / {right}.{d.right if d.right is not None else '–'}"
        echo(f"\n{d.rank}. {d.kind} {safe_line(d.path or '')}  {where}")
        print_sides(
            None if d.before is None else as_text(d.before),
            None if d.after is None else as_text(d.after),
        )


def print_consensus(found: AgainstGood, limit: int) -> None:
    """What sets a run apart from the good ones, for reading."""
    from ..shared.side_by_side import print_sides

    name, good = found.trace.summary.short_id, ", ".join(summary.short_id for summary in found.good[:8])
    more = f" and {len(found.good) - 8} more" if len(found.good) > 8 else ""
    echo(f"{name} against {len(found.good)} good runs: {good}{more} ({safe_line(found.because)})")
    if not found.shared:
        echo("Nothing sets it apart from them.")
    for rank, item in enumerate(found.shared[:limit], 1):
        place = f"  {name}.{item.step}" if item.step is not None else ""
        echo(f"\n{rank}. {safe_line(_sentence(item), 160)}{place}")
        if item.lacking and item.kind in ("argument", "answer"):
            print_sides(None if item.instead is None else as_text(item.instead), as_text(item.value))


def _sentence(item: Shared) -> str:
    """What the good runs share or the run alone has, in words."""
    said, what = as_text(item.value), item.path or ""
    if item.lacking:
        told = {
            "call": f"{item.good} of {item.of} good runs call {item.tool}; this one does not, or only in vain",
            "argument": f"{item.tool} {what}: {item.good} of {item.of} good runs have {said}",
            "answer": f"{item.good} of {item.of} good answers say {said}",
            "document": f"{item.good} of {item.of} good runs retrieved {said}",
        }
    else:
        told = {
            "call": f"only this run calls {item.tool} ({item.good} of {item.of} good ones do)",
            "argument": f"{item.tool} {what}: only this run has {said}",
            "answer": f"only this answer says {said}",
            "document": f"only this run retrieved {said}",
        }
    return told[item.kind]


def _consensus_json(found: AgainstGood) -> dict[str, object]:
    return {
        "trace": found.trace.summary.short_id,
        "good": [summary.short_id for summary in found.good],
        "because": found.because,
        "differences": [
            {
                "rank": rank,
                "kind": item.kind,
                "lacking": item.lacking,
                "tool": item.tool or None,
                "path": item.path,
                "value": item.value,
                "instead": item.instead,
                "step": item.step,
                "good": item.good,
                "of": item.of,
            }
            for rank, item in enumerate(found.shared, 1)
        ],
    }
