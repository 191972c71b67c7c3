"""Claims of a model, believed sentence by sentence and only as far as the cited steps hold the quoted words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..knowledge.plaintext import plain_line
from ..model.errors import UnknownIdError
from ..model.findings import CauseClass
from ..model.reviews import Label
from ..model.traces import Trace
from ..services.reviewing.citing import locate_quote
from ..services.reviewing.sentences import Claim, Support
from ..services.reviewing.subjects import find_step

MAX_CLAIMS = 12
_CUT = re.compile(r"…\+\d+$")
_TELLING = re.compile(r"\d|\w.*\w.*\w")


class Cited(BaseModel):
    """A step and words that stand in it, as the model gives them."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    step: Annotated[str, Field(max_length=200)]
    quote: Annotated[str, Field(max_length=1_000)]


class ReportedClaim(BaseModel):
    """One sentence with what it rests on, as the model gives it."""

    model_config = ConfigDict(extra="ignore")
    sentence: Annotated[str, Field(min_length=1, max_length=600)]
    evidence: Annotated[list[Cited], Field(max_length=6)] = []


class Report(BaseModel):
    """What the model hands in."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    label: Literal["pass", "fail", "cant_tell"]
    claims: Annotated[list[ReportedClaim], Field(max_length=MAX_CLAIMS)]
    cause: CauseClass | None = None
    cause_step: Annotated[str, Field(max_length=200)] | None = None
    confidence: Literal["low", "medium", "high"] = "low"
    confidence_because: Annotated[str, Field(max_length=600)] = ""
    question: Annotated[str, Field(max_length=600)] = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence or a citation that was not believed."""

    sentence: str
    why: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What is left of a report after the check; every sentence has at least one step that holds its quotation."""

    label: Label
    claims: tuple[Claim, ...]
    dropped: tuple[Dropped, ...]
    cause: CauseClass | None = None
    cause_step: Support | None = None
    """The step where it first went wrong; one of the cited ones."""
    confidence: str = "low"
    confidence_because: str = ""
    question: str = ""
    """What a person could answer by looking at the cited steps."""

    @property
    def holds(self) -> bool:
        """Whether there is anything to propose."""
        return bool(self.claims)


def check_report(trace: Trace, report: Report) -> Findings:
    """Hold every quotation against its step.

    A citation whose words do not stand in its step is dropped; a sentence without any citation left is dropped whole.

    Cost: linear in the text of the cited steps, for each citation.
    """
    claims: list[Claim] = []
    dropped: list[Dropped] = []
    for reported in report.claims:
        sentence = plain_line(reported.sentence)
        supports, refused = check_citations(trace, sentence, reported.evidence)
        dropped += refused
        if supports and sentence:
            claims.append(Claim(sentence, supports))
        elif not reported.evidence:
            dropped.append(Dropped(sentence, "no step is cited"))
    cause_step = _cause_step(trace, report, claims)
    return Findings(
        label=Label(report.label),
        claims=tuple(claims),
        dropped=tuple(dropped),
        cause=report.cause,
        cause_step=cause_step,
        confidence=report.confidence,
        confidence_because=plain_line(report.confidence_because),
        question=plain_line(report.question),
    )


def check_citations(
    trace: Trace, sentence: str, cited: Sequence[Cited]
) -> tuple[tuple[Support, ...], tuple[Dropped, ...]]:
    """The citations that hold, and those that do not with the reason."""
    found: dict[tuple[str, str], Support] = {}
    dropped: list[Dropped] = []
    for entry in cited:
        quoted = as_read(entry.quote)
        if not _TELLING.search(quoted):
            dropped.append(Dropped(sentence, f"the quotation {quoted[:40]!r} is too short to tell anything"))
            continue
        try:
            step = find_step(trace, entry.step.strip())
        except UnknownIdError:
            dropped.append(Dropped(sentence, f"there is no step {entry.step[:40]!r}"))
            continue
        quote = locate_quote(step, quoted)
        if quote is None:
            dropped.append(Dropped(sentence, f"{quoted[:80]!r} does not stand in step {step.index}"))
            continue
        found[step.span_id, quote] = Support(step.span_id, quote, step.index)
    return tuple(found.values()), tuple(dropped)


def as_read(quote: str) -> str:
    """The quotation without the marks of our own rendering: `⏎` for a line break, `…+N` for a cut."""
    return _CUT.sub("", quote.strip().strip("“”")).replace("⏎", "\n")


def _cause_step(trace: Trace, report: Report, claims: Sequence[Claim]) -> Support | None:
    """The step named as cause, if one of the sentences that hold cites it."""
    if report.cause_step is None:
        return None
    try:
        span = find_step(trace, report.cause_step.strip()).span_id
    except UnknownIdError:
        return None
    return next((support for claim in claims for support in claim.supports if support.span_id == span), None)
