"""A value in the answer or in a changing call that nothing before it contains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ....model.findings import Signal
from ...provenance import Use, uses_of
from ...reading import Reading, Role
from ...run_kinds import RunKind
from ...texts.quotes import around
from ...texts.recorded import holds_results, is_excerpt
from ...values import ValueKind, number_of, values_in
from ..definition import SignalDefinition, signal

_MOST = 12
_MOST_TEXT = 60_000
_DOSE = re.compile(r"(?i)\d\s*(mg|mcg|ml|iu)\b|\d\s*[-–]\s*\d+\s*(hours?)\b")
_YEAR, _OLDEST = 365.25, 130
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])")
_AGE = re.compile(r"(?i)\b(?:age|aged|years?|old|alter|jahre|ans|años)\b")
_EMERGENCY = frozenset({"911", "112", "999", "000", "110", "119"})
_STANDARDS = re.compile(
    r"(?i)https?://(?:[\w-]+\.)*(?:snomed\.info|loinc\.org|unitsofmeasure\.org|hl7\.org|w3\.org|schema\.org|"
    r"json-schema\.org|purl\.org|xmlsoap\.org|opengis\.net|example\.(?:com|org))\b"
)
_CERTAIN = (ValueKind.ID, ValueKind.EMAIL, ValueKind.URL)


def find(reading: Reading) -> Iterator[Signal]:
    if not _holds_what_was_read(reading):
        return
    seen: set[tuple[str, str]] = set()
    for use in uses_of(reading):
        if use.grounded or not use.consequential or use.value.key in seen or len(seen) >= _MOST:
            continue
        seen.add(use.value.key)
        if not _is_known_by_all(use) and not _is_age(reading, use) and not _is_advice(reading, use):
            yield _signal(reading, use)


def _holds_what_was_read(reading: Reading) -> bool:
    """Not so where no result was recorded, or few, or only the beginning of one: any value may have stood there."""
    read = [act.result for act in reading.acts] or [view.text for view in reading.results]
    return bool(read) and holds_results(read) and not any(is_excerpt(text) for text in read if text)


def _is_advice(reading: Reading, use: Use) -> bool:
    """A number beside a dose or a span of hours that the model recommends, in a unit that nothing read has."""
    if use.tool is not None or use.value.kind is not ValueKind.NUMBER or reading.kind is not RunKind.RETRIEVAL:
        return False
    text = reading.view(use.step).text
    start = max(text.rfind(mark, 0, use.value.start) for mark in ".!?\n") + 1
    end = min((at for at in (text.find(mark, use.value.end) for mark in "!?\n") if at >= 0), default=len(text))
    dose = _DOSE.search(text[start:end])
    if dose is None:
        return False
    read = (view.text for view in reading.views if view.index < use.step and view.role is not Role.DECISION)
    return not any(re.search(rf"(?i)\d\W{{0,3}}{dose[1] or dose[2]}", words[:_MOST_TEXT]) for words in read)


def _is_known_by_all(use: Use) -> bool:
    """The name of a standard, which looks like a link, or the number that people call in an emergency."""
    return bool(_STANDARDS.match(use.value.text)) or (use.tool is None and use.value.normal in _EMERGENCY)


def _is_age(reading: Reading, use: Use) -> bool:
    """Whole years between two days that were read, where years or an age are spoken of."""
    years = number_of(use.value.normal) if use.value.kind is ValueKind.NUMBER else None
    text = f"{reading.request[-4_000:]} {reading.view(use.step).text}"
    if years is None or not years.is_integer() or not 0 < years <= _OLDEST or not _AGE.search(text):
        return False
    texts = [reading.request, *(view.text for view in reading.views if view.index < use.step)]
    normals = {value.normal for text in texts for value in values_in(text) if value.kind is ValueKind.DATE}
    days = [date.fromisoformat(normal) for normal in normals if _DAY.fullmatch(normal)]
    return any(0 <= (later - first).days - years * _YEAR < _YEAR for first in days for later in days)


def _signal(reading: Reading, use: Use) -> Signal:
    step = reading.view(use.step).step
    where = f"is handed to {use.tool}" if use.tool else "is told in the final answer"
    evidence = (
        around(step, reading.view(use.step).text, use.value.start, use.value.end, "outputs") if not use.tool else None
    )
    if evidence is None:
        evidence = around(step, use.value.text, 0, len(use.value.text), "arguments" if use.tool else "outputs")
    strength = 0.9 if use.value.kind in _CERTAIN else 0.8
    return signal(
        "ungrounded_value",
        use.step,
        f"{use.value.text} {where}, but no earlier message, result or document holds it",
        evidence,
        strength=strength,
    )


DEFINITION = SignalDefinition(
    name="ungrounded_value",
    definition=(
        "An id, number, date, time, e-mail or link in the final answer or a changing call has no source in the run."
    ),
    weakness="Doses that nothing read has are passed over as advice. Longer arithmetic "
    "(averages, unit changes) is marked; invented prose is not seen.",
    find=find,
    meant_for=frozenset({RunKind.BUSINESS, RunKind.RETRIEVAL}),
)
