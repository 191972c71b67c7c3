"""A case file as JSON, for scripts."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from ...analysis.case_file.model import CaseFile, Contrast, Hypothesis, Origin, Origins


class SaidJson(TypedDict):
    """A judgement that came with the run."""

    name: str
    by: str
    label: str | None
    score: float | None
    explanation: str | None


class TextJson(TypedDict):
    """Words of a step."""

    step: int
    text: str


class CheckJson(TypedDict):
    """A rule that was broken; `step` is null where it is about the whole run."""

    rule: str
    step: int | None
    quote: str
    mended: bool


class OriginJson(TypedDict):
    """Where a value stood before; every step is null where no such text holds it."""

    name: str
    value: Any
    person: int | None
    result: int | None
    tool: str | None
    instructions: int | None
    agent: int | None
    instead: list[str]
    traced: bool


class OriginsJson(TypedDict):
    """The values of one call; `tool` is null for an answer."""

    step: int
    tool: str | None
    because: str
    values: list[OriginJson]


class ContrastJson(TypedDict):
    """One difference to the nearest good run; `like` counts the good runs that have it as that one."""

    kind: str
    tool: str
    ours: int | None
    theirs: int | None
    path: str | None
    before: Any
    after: Any
    like: int | None


class NearestJson(TypedDict):
    """The alike run that went well and changed most nearly the same."""

    trace: str
    outcome: str
    of: int
    contrasts: list[ContrastJson]


class ConfirmedCauseJson(TypedDict):
    """A cause that a person signed, of an alike run."""

    trace: str
    step: int
    cause: str | None
    tool: str | None
    reason: str


class HypothesisJson(TypedDict):
    """A step that may be where it went wrong."""

    step: int
    what: str
    claim: str
    cause: str
    basis: str
    kind: str
    quote: str
    true_if: str
    refuted_if: str
    look: list[int]


class CaseFileJson(TypedDict):
    """One trace of `retrospan trace case`, in the order in which it should be read."""

    trace: str
    external_id: str
    outcome: str
    outcome_by: str
    enough_evidence: bool
    position_only: bool
    note: str | None
    said: list[SaidJson]
    asked: TextJson | None
    answered: TextJson | None
    broken: list[CheckJson]
    holding: list[str]
    origins: list[OriginsJson]
    nearest: NearestJson | None
    confirmed: list[ConfirmedCauseJson]
    hypotheses: list[HypothesisJson]


def case_json(case: CaseFile) -> CaseFileJson:
    """One case file."""
    summary = case.trace.summary
    return {
        "trace": summary.short_id,
        "external_id": summary.external_id,
        "outcome": summary.outcome.value,
        "outcome_by": summary.outcome_source.value,
        "enough_evidence": case.report.enough_evidence,
        "position_only": case.report.position_only,
        "note": case.report.note,
        "said": [
            {
                "name": item.name,
                "by": item.annotator_kind.value,
                "label": item.label,
                "score": item.score,
                "explanation": item.explanation,
            }
            for item in case.said
        ],
        "asked": _text(case.asked),
        "answered": _text(case.answered),
        "broken": [
            {"rule": check.rule, "step": check.step, "quote": check.quote, "mended": check.mended}
            for check in case.broken
        ],
        "holding": list(case.holding),
        "origins": [_origins(item) for item in case.origins],
        "nearest": _nearest(case),
        "confirmed": [
            {
                "trace": cause.trace,
                "step": cause.step,
                "cause": cause.cause.value if cause.cause else None,
                "tool": cause.tool,
                "reason": cause.reason,
            }
            for cause in case.confirmed
        ],
        "hypotheses": [_hypothesis(item) for item in case.hypotheses],
    }


def _text(words: tuple[int, str] | None) -> TextJson | None:
    return None if words is None else {"step": words[0], "text": words[1]}


def _origins(origins: Origins) -> OriginsJson:
    values = [_origin(item) for item in origins.values]
    return {"step": origins.step, "tool": origins.tool, "because": origins.because, "values": values}


def _origin(item: Origin) -> OriginJson:
    return {
        "name": item.name,
        "value": item.value,
        "person": item.person,
        "result": item.result,
        "tool": item.tool,
        "instructions": item.instructions,
        "agent": item.agent,
        "instead": list(item.instead),
        "traced": item.traced,
    }


def _nearest(case: CaseFile) -> NearestJson | None:
    if case.nearest is None:
        return None
    return {
        "trace": case.nearest.trace.short_id,
        "outcome": case.nearest.trace.outcome.value,
        "of": case.nearest.of,
        "contrasts": [_contrast(item) for item in case.nearest.contrasts],
    }


def _contrast(item: Contrast) -> ContrastJson:
    return {
        "kind": item.kind,
        "tool": item.tool,
        "ours": item.ours,
        "theirs": item.theirs,
        "path": item.path,
        "before": item.before,
        "after": item.after,
        "like": item.like,
    }


def _hypothesis(item: Hypothesis) -> HypothesisJson:
    return {
        "step": item.step,
        "what": item.what,
        "claim": item.claim,
        "cause": item.cause.value,
        "basis": item.basis.value,
        "kind": item.kind.value,
        "quote": item.quote,
        "true_if": item.true_if,
        "refuted_if": item.refuted_if,
        "look": list(item.look),
    }
