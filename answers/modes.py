"""Failure modes as text for a model: counts and calls outside the fence, names and words of runs inside."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.text.budget import clip
from ..model.text.fence import fenced, inert_line
from ..model.traces import TraceSummary
from ..services.modes.sampling import Sample
from ..services.modes.views import ModeDetail, ModesPage, ModeView
from ..store.traces.places import DEFAULT_PROJECT

_SIDE = 160
_CHANCE = 0.05


def modes_text(page: ModesPage, *, query: str, signals: Sequence[tuple[str, int]]) -> str:
    """What is failing, largest mode first."""
    waiting = f", {page.waiting} not looked at yet" if page.waiting else ""
    told = ", ".join(f"{name} {count}" for name, count in signals[:8])
    footer = [f"Signals, by runs: {told}"] if told else []
    if page.random:
        call = f'search_traces(query="{_inside(query)}mode:none")'
        footer.append(
            f"{page.in_none} runs are in no mode, where rare failures hide; at random: {', '.join(page.random)}. "
            f"{call}, or the prompt discover."
        )
    if not page.modes:
        head = f"No failure mode in {page.runs} runs{waiting}: none is called failed, none shows a failure signal."
        return "\n".join([head, *footer])
    head = f"{page.total} modes in {page.runs} runs{waiting}. A mode is alike runs, not a verdict."
    first = page.modes[0]
    after = f'One of them: summarize_failures(mode="{first.short_id}"), search_traces(query="mode:{first.short_id}")'
    rest = [f"{len(page.modes)} of {page.total} shown; raise limit."] if page.total > len(page.modes) else []
    return "\n".join([head, fenced(_row(view) for view in page.modes), *rest, *footer, after])


def _row(view: ModeView) -> str:
    known = f", {view.row.known} known to have failed" if view.row.known else ", none known to have failed"
    proposed = " (name proposed)" if view.named_by == "proposed" else ""
    good = "good: " if not view.row.failure else ""
    where = "" if view.row.project == DEFAULT_PROJECT else f" of {inert_line(view.row.project, 40)}"
    share = f"{view.share.value:.1%} [{view.share.low:.1%}–{view.share.high:.1%}] of {view.of}{where}"
    return (
        f"{view.short_id} {view.row.status.in_words} {good}“{inert_line(view.name, 110)}”{proposed}: "
        f"{view.size} runs, {share}{known}{_trend(view)}; such as {view.typical}"
    )


def _trend(view: ModeView) -> str:
    if view.trend is None or view.trend.p >= _CHANCE:
        return ""
    word = "rising" if view.trend.change.value > 0 else "falling"
    (now, now_n), (before, before_n) = view.trend.now, view.trend.before
    return f", {word} {before}/{before_n} → {now}/{now_n} in {view.trend.days}d"


def mode_text(detail: ModeDetail) -> str:
    """One mode: its typical run, unlike ones, and its life."""
    view = detail.view
    rows = [_row(view), _run("typical", detail, detail.typical)]
    rows += [_run("unlike", detail, summary) for summary in detail.unlike]
    rows += [
        f"{o.short_id} observed in T{o.trace_id} by {inert_line(o.observed_by, 40)}: {inert_line(o.label, 80)} "
        f"“{clip(inert_line(o.quote), 100)}”"
        for o in detail.observations[:5]
    ]
    life = ", ".join(f"{event.kind} {event.at[:10]}" for event in detail.events[-6:])
    call = f'open_case(trace="{detail.typical.short_id}")'
    after = f'All: search_traces(query="mode:{view.short_id}"). Why: {call}. A better name: record_observation(mode=…)'
    return f"{fenced(rows)}\nLife: {life}.\n{after}"


def _run(label: str, detail: ModeDetail, summary: TraceSummary) -> str:
    signals = " ".join(f"!{name}" for name in summary.signals[:4])
    asked, answered = inert_line(summary.input), inert_line(summary.output)
    return (
        f"{label} {detail.places[summary.id]} {signals} asked: {clip(asked, _SIDE)} answered: {clip(answered, _SIDE)}"
    )


def sample_text(sample: Sample) -> str:
    """Runs to read, with what they were about."""
    if not sample.picks:
        return "No run here that nobody has judged or observed. Widen the query."
    rows = [
        f"{pick.trace.short_id} ({pick.why}) {' '.join(f'M{i}' for i in pick.modes)} "
        f"asked: {clip(inert_line(pick.trace.input), 120)} answered: {clip(inert_line(pick.trace.output), 120)}"
        for pick in sample.picks
    ]
    first = sample.picks[0].trace.short_id
    return (
        f"{len(sample.picks)} of {sample.of} runs that nobody has judged.\n{fenced(rows)}\n"
        f'Read each: get_trace(trace="{first}"). File what you notice, good or bad: record_observation(step=…, '
        "label=…, quote=…)"
    )


def _inside(query: str) -> str:
    text = inert_line(query).replace("\\", "\\\\").replace('"', '\\"')
    return f"{text} " if text else ""
