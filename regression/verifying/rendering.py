"""A comparison's report as text for a terminal, as Markdown for a pull request, and as JUnit for CI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from ...analysis.verification.planning import PAIRS, Steadiness
from ...model.text.display import safe_line, safe_text
from ...model.text.markdowntext import markdown_line
from ...store.experiments.runs import Taken
from .plan import Plan, visible_change

MARKER = "<!-- retrospan-verify -->"
"""First line of the Markdown report: by it a bot finds its comment of last time and writes over it."""
_ORDER = ("broken", "too few runs", "flaky", "improved", "fixed", "unchanged")
_SHOWN = 25
_QUARANTINE = 8
"""Runs of one version from which on a case that ended both ways is said to be flaky by itself."""
_MARKS = {"broken": "✗", "fixed": "✓", "improved": "↑", "unchanged": "=", "flaky": "~", "too few runs": "?"}
_HEADS = {"holds": "The candidate holds", "blocked": "Blocked", "not enough evidence": "Not enough evidence"}


def render_plan(plan: Plan, taken: Taken, *, workers: int, experiment: str, plan_hash: str) -> str:
    """What would be run, what it would take, and the smallest change that it could show."""
    lines = [f"Plan {plan_hash} ({experiment}): {plan.base.version} against {plan.candidate.version}", ""]
    lines += [_kind_line(plan, kind) for kind in Steadiness if any(case.kind is kind for case in plan.cases)]
    lines += ["", f"{len(plan.cases)} cases, {plan.usual_runs} runs if nothing changed, {plan.most_runs} at most;"]
    lines.append("a case called worse is confirmed on a fresh batch on top of that.")
    if taken.runs and taken.duration_ms is not None:
        low, high = (runs * taken.duration_ms / 60_000 / workers for runs in (plan.usual_runs, plan.most_runs))
        lines.append(f"About {low:.1f} to {high:.1f} minutes with {workers} workers, from {taken.runs} earlier runs.")
        if taken.cost_usd is not None:
            lines.append(f"About ${plan.usual_runs * taken.cost_usd:.2f} to ${plan.most_runs * taken.cost_usd:.2f}.")
    else:
        lines.append("Minutes and money are not known: none of these cases has run yet.")
    lines.append(
        f"Smallest fall of the whole suite that it shows four times in five: {plan.smallest_suite_drop:.0%} of cases."
    )
    return "\n".join(lines)


def _kind_line(plan: Plan, kind: Steadiness) -> str:
    own = [case for case in plan.cases if case.kind is kind]
    drop, rise = visible_change(own[0])
    pairs = sorted({case.pairs for case in own})
    told = f"{pairs[0]}" if len(pairs) == 1 else f"{pairs[0]} to {pairs[-1]}"
    sees = [f"a fall of {drop:.0%}"] if drop is not None else []
    sees += [f"a rise of {rise:.0%}"] if rise is not None else []
    shown = " or ".join(sees) or "no change of one case alone"
    named = "" if kind in (Steadiness.NEW, Steadiness.NEVER_FAILED) else f" ({_some([c.case_id for c in own])})"
    usual = "" if pairs == [PAIRS[kind]] else " (set by hand)"
    usual += "" if own[0].rule.can_tell else ", too few to call a case unchanged"
    return f"  {len(own):>4} {kind.value:<14} {told} runs a version{usual}, which show {shown}{named}"


def render_text(report: Mapping[str, Any]) -> str:
    """The report for a terminal."""
    lines = [f"{_HEADS[report['verdict']]}: {safe_line(report['because'], 300)}", ""]
    cases = sorted(report["cases"], key=lambda case: (_ORDER.index(case["verdict"]), case["case"]))
    shown = [case for case in cases if case["verdict"] != "unchanged"]
    for case in shown[:_SHOWN]:
        mark = _MARKS[case["verdict"]]
        lines.append(
            f"{mark} {safe_line(case['case'], 60):<40} {case['verdict']:<13} {safe_line(case['because'], 160)}"
        )
        lines += [f"    {line}" for line in _details(case)]
    lines += [f"… and {len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    counts = [(verdict, sum(case["verdict"] == verdict for case in cases)) for verdict in _ORDER]
    lines += ["", ", ".join(f"{count} {verdict}" for verdict, count in counts if count) + f" of {len(cases)} cases"]
    lines += _flip_lines(report)
    lines += [f"{safe_line(entry['name'], 60)}: {entry['says']}" for entry in report["slices"]]
    lines += ["", *_unseen(report)]
    return "\n".join(lines)


def _details(case: Mapping[str, Any]) -> Iterator[str]:
    if case["failing_checks"] and case["verdict"] in ("broken", "flaky", "improved"):
        yield f"fails: {safe_line('; '.join(case['failing_checks']), 200)}"
    if case["fails_differently"]:
        yield f"for another reason than before: {safe_line('; '.join(case['fails_differently']), 200)}"
    if case["trouble"]:
        yield f"not decided: {safe_line(case['trouble'].strip().rsplit(chr(10), 1)[-1], 200)}"
    if case["quarantined"]:
        yield "known to be flaky: no ground for the verdict"
    elif case["verdict"] == "flaky" and _both_ways(case["first"]):
        runs = case["first"]["base_runs"]
        yield f"the base alone ended both ways in {runs} runs: `status: flaky` in its file keeps it out of the verdict"


def _both_ways(first: Mapping[str, int]) -> bool:
    """Whether the base passed some and failed some of so many runs that a case may be put under quarantine."""
    return first["base_runs"] >= _QUARANTINE and 0 < first["base_passed"] < first["base_runs"]


def _flip_lines(report: Mapping[str, Any]) -> list[str]:
    flips = report["flips"]
    moved = len(flips["broken"]) + len(flips["fixed"])
    if not moved or report["runs"]["made"]:
        return []
    return [
        f"{moved} of {flips['compared']} flipped (exact p = {flips['p_changed']:.2g}): "
        f"{len(flips['broken'])} to failing: {safe_line(_some(flips['broken'], 40), 400) or 'none'}; "
        f"{len(flips['fixed'])} to passing: {safe_line(_some(flips['fixed'], 40), 400) or 'none'}"
    ]


def _unseen(report: Mapping[str, Any]) -> list[str]:
    unseen, runs = report["could_not_see"], report["runs"]
    lines = [f"Not ruled out: a fall of the pass rate by up to {unseen['drop_not_ruled_out']:.1%}."]
    if unseen["unpaired"]:
        lines.append(f"{len(unseen['unpaired'])} ran on one side only: {safe_line(_some(unseen['unpaired']), 200)}.")
    if runs["made"]:
        cost = f", ${runs['cost_usd']:.2f}" if runs["cost_usd"] is not None else ""
        retried = f", {runs['retried']} tried again" if runs["retried"] else ""
        fresh = f" and {runs['confirming']} to confirm" if runs["confirming"] else ""
        first = runs["made"] - runs["confirming"]
        lines.append(f"{first} runs of {runs['planned_at_most']} planned at most{fresh}{retried}{cost}.")
    if not report["complete"]:
        lines.append(f"Not complete. Go on: retrospan verify --resume {report['experiment']}")
    return lines


def _some(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def render_markdown(report: Mapping[str, Any]) -> str:
    """The report for a pull request, with its marker line. Nothing of a case or a run is markup there."""
    lines = [MARKER, f"### {_HEADS[report['verdict']]}", "", markdown_line(report["because"], 400), ""]
    cases = sorted(report["cases"], key=lambda case: (_ORDER.index(case["verdict"]), case["case"]))
    shown = [case for case in cases if case["verdict"] != "unchanged"]
    if shown:
        lines += ["| case | verdict | severity | base → candidate | checks that fail |", "|---|---|---|---|---|"]
        lines += [_row(case) for case in shown[:_SHOWN]]
        lines += [f"\n… and {len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
        lines.append("")
    counts = [(verdict, sum(case["verdict"] == verdict for case in cases)) for verdict in _ORDER]
    lines += [", ".join(f"{count} {verdict}" for verdict, count in counts if count) + f" of {len(cases)} cases.", ""]
    lines += [f"- {markdown_line(line, 600)}" for line in (*_flip_lines(report), *_unseen(report))]
    lines += [f"- {markdown_line(entry['name'], 80)}: **{entry['says']}**" for entry in report["slices"]]
    named = f", plan `{report['plan_hash']}`" if report["plan_hash"] else ""
    lines += ["", f"<sub>Experiment {report['experiment']}{named}. {_repeat(report)}</sub>"]
    return "\n".join(lines) + "\n"


def _row(case: Mapping[str, Any]) -> str:
    told = markdown_line(case["because"], 160)
    failing = markdown_line("; ".join(case["failing_checks"]), 160)
    other = " (for another reason than before)" if case["fails_differently"] else ""
    listed = " (quarantined)" if case["quarantined"] else ""
    cells = (markdown_line(case["case"], 80), case["verdict"] + listed, case["severity"], told, failing + other)
    return f"| {' | '.join(cells)} |"


def _repeat(report: Mapping[str, Any]) -> str:
    return f"Again: retrospan verify {markdown_line(str(report['base']), 80)} {markdown_line(report['candidate'], 80)}"


def render_junit(report: Mapping[str, Any]) -> bytes:
    """The report as JUnit XML: broken cases fail, undecided ones are errors."""
    cases = report["cases"]
    broken = [case for case in cases if case["verdict"] == "broken" and not case["quarantined"]]
    undecided = [case for case in cases if case["verdict"] == "too few runs"]
    suite = ET.Element(
        "testsuite",
        name="retrospan verify",
        tests=str(len(cases)),
        failures=str(len(broken)),
        errors=str(len(undecided)),
    )
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=f"verify.{case['severity']}", name=_xml(case["case"]))
        if case in broken:
            ET.SubElement(element, "failure", message=_xml(case["because"])).text = _xml(
                "\n".join(case["failing_checks"])
            )
        elif case in undecided:
            ET.SubElement(element, "error", message=_xml(case["because"])).text = _xml(case["trouble"] or "")
        elif case["verdict"] != "unchanged":
            ET.SubElement(element, "system-out").text = _xml(f"{case['verdict']}: {case['because']}")
    data: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return data


def _xml(text: str) -> str:
    return safe_text(text)
