"""When each step of a run ran, how long, and what it cost in tokens: rows of bars under a common scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from ..answers.plain.words import step_name
from ..model.traces import Status, Step, StepKind
from .gate import cell, counted, joined, lines, shown
from .plots import bar, levels, span_bar
from .step_text import KIND_WORDS, duration_text

_WORKS = (StepKind.LLM, StepKind.TOOL, StepKind.RETRIEVER, StepKind.EMBEDDING, StepKind.RERANKER, StepKind.GUARDRAIL)
_STYLES = {StepKind.LLM: "$primary", StepKind.TOOL: "$accent", StepKind.RETRIEVER: "$success"}
_ROOMY = 80
_GROWS = "  in by call: "
_LEAST_COLUMNS, _MOST_COLUMNS = 6, 40
_NUMBER = 5
"""Cells of sign and number in front of a step's name."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The common scale of a run's steps."""

    steps: tuple[Step, ...]
    start_ns: int
    length_ns: int
    """0 where no step says when it ran."""
    most_tokens: int
    """Of any one step."""

    def row(self, index: int, width: int) -> Content:
        """One step: what it is, a bar where it lies in time, how long it took, tokens in and out."""
        step = self.steps[index]
        name, time, tokens = _widths(width)
        sign = "✗" if step.status is Status.ERROR else " "
        style = "bold $verdict-fail" if step.status is Status.ERROR else _STYLES.get(step.kind, "$secondary")
        label = f"{KIND_WORDS[step.kind]} {step_name(step)}"
        usage = step.usage
        used = "" if usage is None else f"{_short(usage.input_tokens):>6} {_short(usage.output_tokens):>6}"
        total = 0 if usage is None else usage.input_tokens + usage.output_tokens
        return joined(
            shown(f"{sign}{step.index:>3} ", style if sign == "✗" else "$quiet"),
            cell(label, name - _NUMBER, style if sign == "✗" else ""),
            Content(" "),
            self._span(step, time, style),
            shown(f"{duration_text(step.duration_ms):>8} ", "$quiet"),
            bar(total / self.most_tokens if self.most_tokens else 0, tokens - 1, "$warning"),
            Content(" "),
            shown(f"{used:<13}", "$quiet"),
        )

    def _span(self, step: Step, width: int, style: str) -> Content:
        if step.started_at_ns is None or not self.length_ns:
            return shown(" " * width)
        start = (step.started_at_ns - self.start_ns) / self.length_ns
        took = (step.duration_ms or 0.0) * 1e6 / self.length_ns
        return span_bar(start, start + took, width, style)

    def header(self, width: int) -> Content:
        """The scale above the rows."""
        name, time, tokens = _widths(width)
        end = duration_text(self.length_ns / 1e6) if self.length_ns else "no times"
        scale = f"0{end:>{max(time - 1, 1)}}"[:time]
        line = f"{'step':>4}{'':{name - 3}}{scale}{'took':>8} {'tokens':{tokens}.{tokens}}{'in':>6} {'out':>6}"
        return shown(line, "$quiet")

    def totals(self, width: int) -> Content:
        """What took the time and the tokens, in two lines."""
        if not self.length_ns and not self.most_tokens:
            return shown("No step of this run says when it ran or what it used.", "$quiet")
        taken = [f"{KIND_WORDS[kind]} {share:.0%}" for kind, share in _shares(self.steps, self.length_ns)]
        slowest = max((s for s in self.steps if s.kind in _WORKS), key=lambda s: s.duration_ms or 0.0, default=None)
        if slowest is not None and slowest.duration_ms:
            taken.append(f"slowest: step {slowest.index}, {duration_text(slowest.duration_ms)}")
        calls = [step.usage for step in self.steps if step.usage is not None]
        inward, outward = sum(u.input_tokens for u in calls), sum(u.output_tokens for u in calls)
        cached = sum(u.cache_read_tokens for u in calls)
        used = f"{inward:,} tokens in{f' ({cached:,} from cache)' if cached else ''}, {outward:,} out"
        words = f"{used} in {counted(len(calls), 'model call')}"
        room = width - len(words) - len(_GROWS)
        grown = levels([float(u.input_tokens) for u in calls], min(len(calls), room, _MOST_COLUMNS), "$warning")
        over = joined(shown(_GROWS, "$quiet"), grown) if len(calls) > 1 and room >= _LEAST_COLUMNS else Content("")
        return lines(
            shown("time: " + (" · ".join(taken) or "unknown"), "$quiet"),
            joined(shown(words, "$quiet"), over),
        )


def timeline_of(steps: Sequence[Step]) -> Timeline:
    """The scale of these steps: from the first start to the last end.

    Cost: linear in the number of steps.
    """
    timed = [step for step in steps if step.started_at_ns is not None]
    starts = [step.started_at_ns or 0 for step in timed]
    ends = [(step.started_at_ns or 0) + int((step.duration_ms or 0.0) * 1e6) for step in timed]
    most = max((s.usage.input_tokens + s.usage.output_tokens for s in steps if s.usage), default=0)
    return Timeline(tuple(steps), min(starts, default=0), max(ends, default=0) - min(starts, default=0), most)


def _shares(steps: Sequence[Step], length_ns: int) -> list[tuple[StepKind, float]]:
    """The share of the whole time in which a step of a kind ran, overlaps counted once, the largest first."""
    found = []
    for kind in _WORKS if length_ns else ():
        spans = sorted(
            (step.started_at_ns, step.started_at_ns + int((step.duration_ms or 0.0) * 1e6))
            for step in steps
            if step.kind is kind and step.started_at_ns is not None
        )
        busy, until = 0, 0
        for start, end in spans:
            busy += max(0, end - max(start, until))
            until = max(until, end)
        if busy:
            found.append((kind, busy / length_ns))
    return sorted(found, key=lambda entry: -entry[1])


def _widths(width: int) -> tuple[int, int, int]:
    """Cells for the name, the time and the token bar; the rest are fixed columns of 1, 9 and 13."""
    left = max(width - 23, 15)
    name = left * 2 // 5 if width >= _ROOMY else left // 2
    tokens = left // 5
    return name, left - name - tokens, tokens


def _short(number: int) -> str:
    """At most six characters: `812`, `12.3k`, `1.2M`."""
    if number < 10_000:
        return str(number)
    return f"{number / 1_000:.1f}k" if number < 1_000_000 else f"{number / 1_000_000:.1f}M"
