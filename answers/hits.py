"""A page of search hits as text: two lines a hit, the facets above them."""

from __future__ import annotations

from ..model.text.budget import CHARACTERS_PER_TOKEN, clip
from ..model.text.fence import FENCE_COST, fenced, inert_line
from ..services.finding.searching import SearchHit, SearchPage

BUDGET = 1_150
_FOOTER = 330
_FACET_VALUES = 4


def hits_text(page: SearchPage, line: str, *, store_name: str, next_call: str | None) -> str:
    """The page for a model.

    Args:
        page: What was found.
        line: The search line, as the caller gave it.
        store_name: Said where nothing was found.
        next_call: The call that gets the next page; None on the last one.
    """
    if not page.hits:
        return _nothing(page, line, store_name)
    first, last = page.offset + 1, page.offset + len(page.hits)
    how = f" {page.how}" if page.how and ";" not in page.how else ""
    head = f"{page.total} traces match{how}; {first} to {last}:"
    facets = _facets(page)
    room = BUDGET * CHARACTERS_PER_TOKEN - FENCE_COST - _FOOTER - len(head) - len(facets) - (len(next_call or ""))
    width = max(room // len(page.hits) - 1, 120)
    rows = [_row(hit, width) for hit in page.hits]
    best = page.hits[0]
    where = best.trace.short_id if best.step is None else f"{best.trace.short_id}.{best.step}"
    notes = [f'Read one: get_trace(trace="{where}")']
    if next_call:
        notes.append(f"{page.total - last} more: {next_call}")
    return f"{head}\n{fenced([*([facets] if facets else []), *rows])}\n" + "\n".join(notes)


def _nothing(page: SearchPage, line: str, store_name: str) -> str:
    asked = f"{inert_line(line, 200)!r}" if line.strip() else "an empty search"
    if page.total:
        return f"{page.total} traces match {asked}, and none lies behind that page. Leave `page` out to start again."
    head = f"No trace matches {asked} in store {inert_line(store_name, 80)}."
    reasons = [inert_line(reason, 240) for reason in page.reasons[:8]]
    searched = f"Searched {page.how}. " if page.how else ""
    advice = 'Drop or change the part that finds nothing, or search with query="" for the newest.'
    return f"{head}\n{fenced(reasons)}\n{searched}{advice}"


def _facets(page: SearchPage) -> str:
    parts = []
    for name, counts in page.facets.items():
        telling = [(value, count) for value, count in counts if not (value == "unset" and len(counts) == 1)]
        if len(telling) > 1 or (telling and name == "signal"):
            named = ", ".join(f"{inert_line(str(value), 30)} {count}" for value, count in telling[:_FACET_VALUES])
            more = f" +{len(telling) - _FACET_VALUES}" if len(telling) > _FACET_VALUES else ""
            parts.append(f"{name}: {named}{more}")
    return " | ".join(parts)


def _row(hit: SearchHit, width: int) -> str:
    trace = hit.trace
    facts = [trace.short_id if hit.step is None else f"{trace.short_id}.{hit.step}", trace.outcome.value]
    facts += [f"verdict {trace.verdict}"] if trace.verdict else []
    facts += [f"{trace.step_count} steps"]
    facts += [f"{trace.duration_ms / 1000:.1f}s"] if trace.duration_ms and trace.duration_ms >= 100 else []
    facts += [inert_line(trace.own_id, 40)] if trace.own_id else []
    facts += [inert_line(trace.version, 20)] if trace.version else []
    facts += [inert_line(trace.task, 40)] if trace.task and trace.task_declared else []
    facts += ["!" + " !".join(trace.signals[:4])] if trace.signals else []
    head = clip(" ".join(facts), 160)
    room = max(width - len(head) - 3, 60)
    text = hit.snippet or trace.input or trace.output
    return f"{head}\n  {inert_line(text, room)}"
