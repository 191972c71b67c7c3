"""A suspect report as text: the ranked steps with cause, reasons and quotations."""

from __future__ import annotations

from ..model.findings import Suspect
from ..model.text.budget import clip
from ..model.text.fence import fenced, inert_line
from ..services.understanding.explaining import Explanation
from .outcome import told_outcome

_QUOTES = 2
_NO_EVIDENCE = "Not enough evidence to accuse a step; the ranking below is a guess, not a finding."


def suspects_text(explanation: Explanation, limit: int) -> str:
    """The best suspects for a model, with the calls that look closer."""
    trace, report = explanation.trace.summary, explanation.report
    name = trace.short_id
    head = f"{name} · {told_outcome(trace)} · {trace.step_count} steps"
    basis = f"Compared with {explanation.siblings} other runs, {explanation.good} of which went well."
    if not report.suspects:
        return f'{head}\nNo step stands out. {basis}\nRead it: get_trace(trace="{name}")'
    shown = report.suspects[:limit]
    lines = [_line(explanation, number, suspect) for number, suspect in enumerate(shown, 1)]
    if report.note:
        lines.append(f"basis: {inert_line(report.note, 240)}")
    notes = [f'Read the first: get_trace(trace="{name}.{shown[0].step}").']
    if explanation.good:
        notes[0] += f' Beside an alike run that went well: diff_traces(left="{name}")'
    if len(report.suspects) > limit:
        notes.append(
            f'{len(report.suspects) - limit} more: find_suspects(trace="{name}", limit={len(report.suspects)})'
        )
    notes.append("Scores only order the steps of this run.")
    finding = (
        f"{len(shown)} suspects, likeliest first. {basis}" if report.enough_evidence else f"{_NO_EVIDENCE} {basis}"
    )
    return f"{head}\n{finding}\n{fenced(lines)}\n" + "\n".join(notes)


def _line(explanation: Explanation, number: int, suspect: Suspect) -> str:
    step = explanation.trace.steps[suspect.step]
    who = f" agent {inert_line(suspect.agent, 40)}" if suspect.agent else ""
    what = inert_line(step.tool or step.name, 40)
    head = f"{number}. step {suspect.step} {step.kind.value} {what}{who} · cause {suspect.cause.value}"
    lines = [f"{head} · score {suspect.score:.2f}"]
    lines += [f"   because {inert_line(reason, 220)}" for reason in suspect.reasons[:3]]
    lines += [f"   step {item.step}: “{clip(inert_line(item.quote), 180)}”" for item in suspect.evidence[:_QUOTES]]
    return "\n".join(lines)
