"""A calibration in plain words: may this judge be trusted on this criterion, and what is to be done next."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

from ...analysis.judging.choosing import CorrectedRate, Method, Refused
from ...analysis.judging.record import TRUSTED_FROM, Abstention, Record
from ...analysis.statistics import Interval
from .calibrating import Calibration
from .consistency import Flips

_METHODS = {
    Method.LABELS: "the verdicts alone",
    Method.PREDICTION_POWERED: "the judge's answers corrected by the verdicts (PPI++)",
    Method.ROGAN_GLADEN: "the judge's rate corrected by its error rates (Rogan–Gladen)",
}
_BAR = 40
_SWAYED = 0.1
_FEW = 10
"""Runs of each kind below which nothing can be said of a judge."""


def in_words(found: Calibration) -> list[str]:
    """Sentences for somebody who is no statistician, the answer first."""
    lines = [trust_words(found)]
    lines += [f"Out of date: {why}. Judge the runs again, then calibrate again." for why in found.stale]
    lines += record_words(found.dev)
    lines.append(rate_words(found.rate))
    lines += [abstention_words(point) for point in found.abstention]
    if found.judge.params.get("model"):
        lines += consistency_words(found.flips, found.judge.name)
    if found.test is not None:
        again = (
            f" It was looked at before, on {found.test_used[:10]}, so it proves less now." if found.test_used else ""
        )
        lines.append(f"On the half kept for the last look ({found.test.labels} runs):{again}")
        lines += record_words(found.test)
    lines.append(next_words(found))
    return lines


def record_words(record: Record) -> list[str]:
    """What the judge finds and clears, each share with what it may be in truth."""
    if not record.labels:
        return ["No run has both a verdict of people and an answer of this judge."]
    others = record.labels - record.hits
    kappa = "not defined, since one side always says the same" if record.kappa is None else f"{record.kappa:.2f}"
    return [
        f"Of {record.hits} runs that people fail it fails {_share(record.sensitivity)}.",
        f"Of {others} runs that people pass it passes {_share(record.specificity)}.",
        f"People fail {record.base_rate:.0%} of these runs; agreement beyond what chance gives (kappa: 0 none, 1 full) "
        f"is {kappa}.",
    ]


def abstention_words(point: Abstention) -> str:
    """What follows where people take the runs on which the judge wavers."""
    return (
        f"Where it is at least {point.threshold:.0%} sure of its answer ({point.answered:.0%} of runs) it is "
        f"wrong in {_share(point.wrong)}; the others cost people {point.minutes_per_100:.0f} minutes per 100 runs."
    )


def rate_words(rate: CorrectedRate | Refused) -> str:
    """The failure rate and how it was come by, or why there is none and what would make one."""
    if isinstance(rate, Refused):
        more = (
            f" About {rate.verdicts} more verdicts would do, some {ceil(rate.minutes)} minutes."
            if rate.verdicts
            else ""
        )
        return f"No failure rate: {rate.why}.{more}"
    told = f"Failure rate {rate.rate.value:.0%}, in truth between {rate.rate.low:.0%} and {rate.rate.high:.0%} "
    told += f"(19 times in 20), from {_METHODS[rate.method]}: {rate.why}."
    return f"{told} The judge alone would say {rate.uncorrected:.0%}."


def consistency_words(flips: Sequence[Flips], name: str) -> list[str]:
    """On how many runs it answers otherwise where it must not, the worst first; or that nobody has tried."""
    if not flips:
        return [f"Whether it answers alike when asked again is not known: retrospan judge flips {name}"]
    steady = [flip for flip in flips if not flip.flipped]
    lines = [
        f"Where {flip.words} it changes its answer on {flip.flipped} of {flip.asked} runs (in truth "
        f"{flip.rate.low:.0%} to {flip.rate.high:.0%})."
        for flip in sorted(flips, key=lambda flip: (-flip.rate.value, flip.variant))
        if flip.flipped
    ]
    if steady:
        most = max(flip.rate.high for flip in steady)
        words = "; where ".join(flip.words for flip in steady)
        lines.append(f"It changes no answer where {words} ({steady[0].asked} runs each; in truth up to {most:.0%}).")
    return lines


def picture(found: Calibration) -> list[str]:
    """The four kinds of answers as bars, and the rate on a line from 0 to 100 %."""
    cells = [
        (f"people {human}, judge {judge}", sum(r.human.value == human and r.judge.value == judge for r in found.runs))
        for human in ("fail", "pass")
        for judge in ("fail", "pass")
    ]
    most = max(count for _, count in cells) or 1
    lines = [f"{name:24} {'█' * ceil(_BAR * count / most):{_BAR}} {count}" for name, count in cells]
    if isinstance(found.rate, CorrectedRate):
        lines += [f"{'with the judge':24} {_line(found.rate.rate)}", f"{'verdicts alone':24} {_line(found.rate.alone)}"]
    return lines


def narrower(found: Calibration, minutes: float) -> str:
    """What so many more minutes of verdicts on runs drawn at random would bring."""
    more = int(minutes / found.minutes_each)
    if isinstance(found.rate, Refused):
        return rate_words(found.rate)
    width = found.rate.rate.high - found.rate.rate.low
    after = width * sqrt(found.rate.labels / (found.rate.labels + more))
    return (
        f"{more} more verdicts ({minutes:.0f} minutes) would bring the rate from ±{50 * width:.0f} "
        f"to about ±{50 * after:.0f} points."
    )


def trust_of(found: Calibration) -> bool | None:
    """Whether it may stand in for a person; None where nobody knows yet."""
    record = found.test or found.dev
    if record.trusted:
        return None if found.stale else not _swayed(found)
    few = record.hits < _FEW or record.labels - record.hits < _FEW
    return None if few else False


def _swayed(found: Calibration) -> list[Flips]:
    """What makes it change its answer on more than one run in ten for certain."""
    return [flip for flip in found.flips if flip.rate.low > _SWAYED]


def trust_words(found: Calibration) -> str:
    """The answer in one sentence: yes, no, or nobody knows and why."""
    record, asked = found.test or found.dev, found.judge.params["criterion"]
    trusted = trust_of(found)
    if trusted:
        return f"This judge may stand in for a person on {asked!r}."
    if trusted is False and record.trusted:
        flip = max(_swayed(found), key=lambda flip: flip.rate.value)
        return (
            f"Do not take this judge's word on {asked!r}: where {flip.words} it changes its answer on "
            f"{flip.flipped} of {flip.asked} runs."
        )
    if trusted is False:
        return (
            f"Do not take this judge's word on {asked!r}: it is not shown to be right in {TRUSTED_FROM:.0%} of both "
            "what people fail and what they pass."
        )
    if record.trusted:
        return f"Nobody knows whether this judge is still right on {asked!r}: what was measured is out of date."
    lacking = [
        f"{_FEW - count} more that people {word}"
        for word, count in (("fail", record.hits), ("pass", record.labels - record.hits))
        if count < _FEW
    ]
    return f"Nobody knows yet whether this judge is right: it takes {' and '.join(lacking)}."


def next_words(found: Calibration) -> str:
    """The one thing to do next."""
    name = found.judge.name
    if found.stale:
        return f"Next: let {name} judge again (retrospan judge run), then measure it again."
    if trust_of(found) is None:
        return f"Next: review more of its runs. retrospan judge plan {name} --minutes 20 names them."
    if _swayed(found):
        return (
            f"Next: take another model, or tell it not to go by that (retrospan judge define {name} --guidance), and "
            f"try again: retrospan judge flips {name}."
        )
    if found.disagreements:
        return (
            f"Next: read the {len(found.disagreements)} runs where it and people differ (retrospan judge queue {name} "
            "puts them before people). Most often the rubric is silent there: say what it should say before you change "
            "the prompt."
        )
    if found.judge.params.get("model") and not found.flips:
        return f"Next: retrospan judge flips {name}, to see whether it answers alike where it must."
    if found.test is None:
        return f"Next: retrospan judge calibrate {name} --test, the last look, once you change nothing more."
    return f"Next: retrospan judge anchors {name} once a day, so that you notice when it changes."


def _share(share: Interval) -> str:
    return f"{share.value:.0%} (in truth {share.low:.0%} to {share.high:.0%})"


def _line(interval: Interval) -> str:
    low, value, high = (round(_BAR * share) for share in (interval.low, interval.value, interval.high))
    return "".join("●" if at == value else "─" if low <= at <= high else "·" for at in range(_BAR + 1))
