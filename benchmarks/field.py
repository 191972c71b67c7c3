"""How many failure findings on real runs are right, and how many labelled failures are found?

Run: `.venv/bin/python benchmarks/field.py [--data DIR] [--json] [--wrong]`. DIR holds `runs/` (the files as their
products write them, plain or xz) and `labels/ID.yaml` (`file`, `kind`, `outcome`, `failures` with `kind` and `quote`);
without it the set beside the repository is read. Each run is imported into a store of its own that is thrown away.

A failure finding is right when its step, or a step that it quotes, holds the quotation of a labelled failure and it is
of the same kind (a label `other` is of any; readers' own words for a kind stand in `_WORDS_FOR`), or when it is of a
kin kind and quotes the very words. A finding about an act or about how the run ended may be of a kin kind at the
very step.
Where the words of a label stand in no step, since the reader quoted the raw file, its kind decides. A finding about a
person's or a scorer's opinion of the run is right where a label is of that kind or `other`. Everything else is wrong.
A labelled failure is found when a finding is right for it; one finding may name several. A run is without a failure
when no failure is labelled and its outcome is not `fail`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))

import datasets
from intervals import Rate, rate
from retrospan.analysis.reading import read
from retrospan.analysis.signals.registry import DEFINITIONS, signals_of
from retrospan.model.findings import Signal
from retrospan.model.text.jsontext import as_text, scalars
from retrospan.model.traces import Message, Step, Trace
from retrospan.services.receiving.importing import import_paths
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace

_WORDS_FOR: dict[str, frozenset[str]] = {
    "claimed_action": frozenset({"claimed_action", "fabricated", "unverified"}),
    "claim_without_call": frozenset({"claimed_action", "fabricated"}),
    "claim_against_work": frozenset({"claimed_action", "result_ignored", "unverified"}),
    "no_answer": frozenset({"no_answer", "unfinished", "abandoned"}),
    "unfinished": frozenset({"unfinished", "no_answer", "partial_answer", "abandoned"}),
    "llm_error": frozenset({"llm_error", "model_unreachable"}),
    "unallowed_argument": frozenset({"wrong_argument", "format_broken"}),
    "miscopied_value": frozenset({"wrong_value", "wrong_argument", "carried_id"}),
    "beyond_request": frozenset({"overstep", "constraint_ignored"}),
    "forbidden_change": frozenset({"invariant_broken", "constraint_ignored", "rule_broken"}),
    "other_than_asked": frozenset({"constraint_ignored"}),
    "yes_without_deed": frozenset({"action_not_taken", "unfinished"}),
    "wrong_window": frozenset({"rule_misread", "wrong_arithmetic", "ungrounded_value"}),
    "invented_reference": frozenset({"ungrounded_value", "invented_entity"}),
    "tool_contradiction": frozenset({"contradicts_result", "wrong_conclusion"}),
    "missed_expectation": frozenset(
        {
            *("wrong_write", "wrong_argument", "wrong_answer", "rule_broken", "action_not_taken", "ungrounded_value"),
            *("needless_handover", "wrong_conclusion", "user_believed", "partial_answer"),
        }
    ),
}
"""Readers' words for what a signal finds, beside its own name."""
_ERRORS = frozenset({"tool_error", "error_in_result", "llm_error", "retry_without_change", "result_ignored", "loop"})
_UNTRUE = frozenset(
    {
        *("claimed_action", "tool_contradiction", "ungrounded_value", "wrong_arithmetic", "partial_answer"),
        *("stale_passage", "empty_retrieval", "result_ignored", "claim_against_work", "edit_without_effect"),
        *("claim_without_call", "wrong_window", "miscopied_value", "fabricated", "contradicts_result", "wrong_answer"),
        *("wrong_conclusion", "wrong_value", "rule_misread", "invented_entity", "invented_reference", "unverified"),
    }
)
_RULES = frozenset(
    {
        *("invariant_broken", "carried_id", "forbidden_change", "beyond_request", "unallowed_argument"),
        *("wrong_record", "skipped_step", "wrong_write", "wrong_argument", "rule_broken", "rule_misread"),
        *("constraint_ignored", "overstep", "missing_check", "format_broken", "missed_expectation", "other_than_asked"),
    }
)
_ENDS = frozenset(
    {
        *("unfinished", "truncation", "llm_error", "refusal", "partial_answer", "edit_without_effect", "no_answer"),
        *("yes_without_deed", "action_not_taken", "model_unreachable", "needless_refusal", "needless_handover"),
        *("tool_error", "missed_expectation"),
    }
)
_FAMILIES = (_ERRORS, _UNTRUE, _RULES, _ENDS)
"""Kinds of one family fit each other: two readers may call one failure by either name."""
_OF_STEPS = (_RULES, _ENDS)
"""Families about what was done or left undone at a step, rather than about one of the things said there."""
_RUN_WIDE = frozenset({"negative_feedback", "user_frustration"})
"""Findings that tell of somebody's opinion of the run rather than of a step."""
_LEAST_QUOTE = 12


@dataclass(frozen=True)
class Failure:
    """One labelled failure."""

    kind: str
    quote: str


@dataclass(frozen=True)
class Judged:
    """One failure finding with the labels that it hits, none where it is wrong."""

    run: str
    origin: str
    signal: str
    reason: str
    quotes: tuple[str, ...]
    hits: tuple[Failure, ...]

    @property
    def hit(self) -> Failure | None:
        return self.hits[0] if self.hits else None


@dataclass(frozen=True)
class FieldRun:
    """One labelled run as the product sees it."""

    id: str
    origin: str
    outcome: str
    failures: tuple[Failure, ...]
    findings: tuple[Judged, ...]

    @property
    def without_failure(self) -> bool:
        return not self.failures and self.outcome != "fail"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=datasets.DATA / "field", help="folder with runs/ and labels/")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument("--wrong", action="store_true", help="print what was wrong and what was missed, by name")
    chosen = options.parse_args()
    runs = list(field_runs(chosen.data))
    result = score(runs)
    print(json.dumps(result, indent=1) if chosen.json else _table(result))
    if chosen.wrong:
        print("\n".join(_named(runs)))


def field_runs(folder: Path, *, as_written: bool = False) -> Iterator[FieldRun]:
    """Every labelled run of a folder, imported and looked at."""
    for path in sorted((folder / "labels").glob("*.yaml")):
        label = yaml.safe_load(path.read_text(encoding="utf-8"))
        failures = tuple(Failure(item["kind"], item["quote"]) for item in label.get("failures") or ())
        origin = str(label["kind"])
        findings: list[Judged] = []
        for trace, signals in _imported(folder / "runs" / label["file"], as_written):
            for item in signals:
                if item.failure:
                    hits = tuple(failure for failure in failures if _hits(trace, item, failure))
                    quotes = tuple(evidence.quote for evidence in item.evidence)
                    findings.append(Judged(label["id"], origin, item.signal, item.reason, quotes, hits))
        yield FieldRun(label["id"], origin, label["outcome"], failures, tuple(findings))


def _imported(path: Path, as_written: bool) -> Iterator[tuple[Trace, Sequence[Signal]]]:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "field.db") as store:
        for trace_id in import_paths(store, [path]).trace_ids:
            trace = get_trace(store, trace_id)
            yield trace, signals_of(read(trace), as_written=as_written)


def _hits(trace: Trace, item: Signal, failure: Failure) -> bool:
    if item.signal in _RUN_WIDE:
        return failure.kind in (item.signal, "other") and (item.step is None or _shows(trace, item, failure))
    if failure.kind in ("other", item.signal, *_WORDS_FOR.get(item.signal, ())):
        return _quotes(item, failure) or _shows(trace, item, failure) or _stands_nowhere(trace, failure)
    kin = [family for family in _FAMILIES if item.signal in family and failure.kind in family]
    at_step = any(family in _OF_STEPS for family in kin) and _shows(trace, item, failure)
    return at_step or (bool(kin) and _quotes(item, failure))


def _stands_nowhere(trace: Trace, failure: Failure) -> bool:
    wanted = _squeezed(failure.quote)
    return not any(wanted in _squeezed(text) for step in trace.steps for text in _own_texts(step))


def _quotes(item: Signal, failure: Failure) -> bool:
    """Does the finding quote the words of the label, or a part of them?"""
    wanted = _squeezed(failure.quote)
    quoted = [_squeezed(evidence.quote) for evidence in item.evidence]
    return any(len(text) >= _LEAST_QUOTE and (text in wanted or wanted in text) for text in quoted)


def _shows(trace: Trace, item: Signal, failure: Failure) -> bool:
    steps = {evidence.step for evidence in item.evidence} | ({item.step} if item.step is not None else set())
    wanted = _squeezed(failure.quote)
    return any(wanted in _squeezed(text) for index in steps for text in _own_texts(trace.steps[index]))


def _own_texts(step: Step) -> Iterator[str]:
    """What this step brings; the earlier conversation that a model call was handed again is not its own."""
    yield step.tool or ""
    for value in (step.inputs, step.outputs):
        yield as_text(value)
        yield from (str(item) for _, item in scalars(value))
    for message in (*step.new_messages, *step.output_messages):
        yield from _of_message(message)
    yield from (document.content for document in step.documents)


def _of_message(message: Message) -> Iterator[str]:
    yield message.content
    for call in message.tool_calls:
        yield call.name
        yield as_text(call.arguments)
        yield from (str(item) for _, item in scalars(call.arguments))


def _squeezed(text: str) -> str:
    """The text without blanks and escapes, which a record and its reader write differently."""
    return "".join(text.replace("\\n", "").replace("\\", "").split())


def score(runs: Sequence[FieldRun]) -> dict[str, Any]:
    """Precision, recall and accused share, in all, by signal and by origin."""
    findings = [item for run in runs for item in run.findings]
    free = [run for run in runs if run.without_failure]
    return {
        "runs": len(runs),
        "precision": rate([item.hit is not None for item in findings]),
        "recall": rate(list(_found(runs))),
        "accused without a failure": rate([bool(run.findings) for run in free]),
        "by signal": _by(findings, lambda item: item.signal),
        "by origin": _by(findings, lambda item: item.origin),
        "failure signals": [definition.name for definition in DEFINITIONS if definition.failure],
    }


def _found(runs: Sequence[FieldRun]) -> Iterator[bool]:
    for run in runs:
        hit = {id(failure) for item in run.findings for failure in item.hits}
        yield from (id(failure) in hit for failure in run.failures)


def _by(findings: Sequence[Judged], key: Callable[[Judged], str]) -> dict[str, Rate]:
    groups: dict[str, list[bool]] = defaultdict(list)
    for item in findings:
        groups[key(item)].append(item.hit is not None)
    return {name: rate(hits) for name, hits in sorted(groups.items())}


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['runs']} runs"]
    lines += [f"{name:28} {result[name]}" for name in ("precision", "recall", "accused without a failure")]
    for heading in ("by signal", "by origin"):
        lines += [f"\nprecision {heading}"]
        lines += [f"  {name:28} {found}" for name, found in result[heading].items()]
    return "\n".join(lines)


def _named(runs: Sequence[FieldRun]) -> Iterator[str]:
    for run in runs:
        hit = {id(failure) for item in run.findings for failure in item.hits}
        for item in run.findings:
            mark = "right" if item.hit else "WRONG"
            yield f"{mark} {run.id} {item.signal}: {item.reason[:150]!r} {[quote[:90] for quote in item.quotes]}"
        for failure in run.failures:
            if id(failure) not in hit:
                yield f"MISSED {run.id} {failure.kind}: {failure.quote[:120]!r}"


if __name__ == "__main__":
    main()
