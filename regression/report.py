"""What became of a case, as text for a terminal. Everything that comes from a run passes the render gate."""

from __future__ import annotations

from ..model.text.display import safe_line, safe_text
from ..model.text.jsontext import as_text
from .results import CaseOutcome, CaseResult, CaseRuns, CheckResult, CheckStatus

_MARKS = {
    CheckStatus.PASSED: "✓",
    CheckStatus.FAILED: "✗",
    CheckStatus.SKIPPED: "–",
    CheckStatus.ERROR: "!",
}
_SAID = {
    CaseOutcome.PASSED: "passed",
    CaseOutcome.FAILED: "failed",
    CaseOutcome.ERROR: "could not be decided",
    CaseOutcome.SKIPPED: "was skipped",
}
_WIDTH = 400


def render_runs(runs: CaseRuns) -> str:
    """A case and its repeats: what failed with what was observed, where the case comes from."""
    case, total = runs.case, len(runs.results)
    shown = next((r for r in runs.results if r.outcome is runs.outcome), runs.results[0])
    lines = [f"{case.id}: {_headline(shown)}", safe_line(case.title, 100)]
    if total > 1:
        lines.append(f"passed {runs.passed}/{total} runs; the first that {_SAID[runs.outcome]}:")
    lines += _result_lines(shown)
    origin = case.provenance
    known = [("lesson", origin.lesson), ("verdict", origin.verdict), ("trace", origin.trace)]
    stated = [f"{name} {safe_line(value, 80)}" for name, value in known if value]
    if stated:
        lines.append("from " + ", ".join(stated))
    return "\n".join(lines)


def _headline(result: CaseResult) -> str:
    if result.error is not None:
        return safe_line(result.error.rsplit("\n", 1)[-1], 120)
    if result.failures:
        return safe_line(", ".join(f"{check.check} {check.status}" for check in result.failures), 120)
    return str(result.outcome)


def _result_lines(result: CaseResult) -> list[str]:
    if result.error is not None:
        return ["error: the run could not be made; this is no failed check", safe_text(result.error)]
    lines = [line for check in result.checks for line in _check_lines(check)]
    if result.run is not None and result.outcome is not CaseOutcome.PASSED:
        lines.append(f"answer: {safe_line(as_text(result.run.output), _WIDTH) or '(empty)'}")
        for call in result.run.tool_calls or ():
            answered = "error " if call.is_error else ""
            shown = f"{call.name}({as_text(call.arguments)}) → {answered}{as_text(call.result)}"
            lines.append("call:   " + safe_line(shown, _WIDTH))
    return lines


def _check_lines(check: CheckResult) -> list[str]:
    lines = [f"{_MARKS[check.status]} {safe_line(check.check, 120)}: {safe_line(check.reason, _WIDTH)}"]
    if check.status is CheckStatus.FAILED and not check.check.startswith(("output_", "judge")):
        lines.append(f"    observed: {safe_line(as_text(check.observed), _WIDTH)}")
    return lines
