"""What a score says of a run: the one place that turns scores, labels, thumbs and grades into pass, fail or unknown.

Every format, the evaluation events of OTLP and the CSV of past reviews hand in annotations as they were written; here
it is decided what they mean, and only where the meaning is known: which way is good is told by a mapping, the data's
declaration or the name; the scale by a mapping, the declaration or the values seen under that name.
"""

from __future__ import annotations

import re

from ..score_scale import ScoreScale
from ..traces import Annotation, Outcome
from .score_words import BAD, GOOD, NO, YES, Better, better_of, folded, is_guard, is_measure, is_rating, is_two_way

MAP_HINT = "retrospan fields map 'score.{name}' outcome --value '>=0.5=pass' --value '*=fail'"
"""The command that says what a score means; `{name}` stands for the score's name."""
_TOPS = (1.0, 5.0, 10.0, 100.0)
_LOW_END, _HIGH_END = 0.25, 0.75
"""Shares of a scale of grades up to which a grade is plainly bad, and from which it is plainly good."""
_PARTS = frozenset({"met", "not_met"})
"""What is said of one condition of a test, whose own verdict stands beside it."""
_SURE_TOP = 5.0
_OF = re.compile(
    r"(?P<value>\d{1,3}(?:[.,]\d{1,2})?)\s*(?:/|of|out of|von|sur|de|su|из)\s*(?P<top>5|10|100)", re.IGNORECASE
)
_PERCENT = re.compile(r"(?P<value>\d{1,3}(?:[.,]\d{1,2})?)\s*%")
_STARS = re.compile(r"(?P<full>[★⭐🌟]{1,5})(?P<empty>[☆✩]{0,5})")
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,4})?")
_LETTERS = {"a+": 1.0, "a": 1.0, "a-": 1.0, "b+": 0.8, "b": 0.75, "b-": 0.7, "c": 0.5, "d": 0.3, "e": 0.2, "f": 0.0}


NOTHING_KNOWN = ScoreScale()


def said_by(annotation: Annotation) -> Outcome | None:
    """What an annotation says: as the store has read it, else by itself; None where it says neither pass nor fail."""
    if annotation.outcome is not None:
        return None if annotation.outcome is Outcome.UNKNOWN else annotation.outcome
    return outcome_of(annotation)


def outcome_of(annotation: Annotation, scale: ScoreScale = NOTHING_KNOWN) -> Outcome | None:
    """What one annotation says of the run; None where it says nothing or its meaning is not known.

    Args:
        annotation: As it came.
        scale: What is known of the scores of its name.
    """
    if annotation.is_expectation:
        return None
    label = folded(annotation.label or "")
    if label in GOOD or label in BAD:
        return Outcome.PASS if label in GOOD else Outcome.FAIL
    better = scale.better or better_of(annotation.name)
    if better is None:
        return None
    if label in YES or label in NO:
        return _sided(annotation.name, (label in YES) == (better == "high"))
    share = _share_in_label(annotation.label or "", annotation.name)
    if share is not None:
        return _graded(annotation.name, share, better)
    score = annotation.score if annotation.score is not None else _plain_number(label)
    if score is None or (label and annotation.low is None and not scale.is_declared and _plain_number(label) is None):
        return None
    return _scored(annotation, score, scale, better)


def word_outcome(word: str) -> Outcome | None:
    """Pass or fail of a word in a field or column that is about the outcome itself; None for any other."""
    label = folded(word)
    if label in GOOD or label in YES:
        return Outcome.PASS
    return Outcome.FAIL if label in BAD or label in NO else None


def is_understood(annotation: Annotation, scale: ScoreScale = NOTHING_KNOWN) -> bool:
    """Whether a score's name and scale are known, so that an outcome of None is an answer and no gap."""
    if annotation.is_expectation or (annotation.score is None and not annotation.label):
        return True
    if folded(annotation.label or "") in _PARTS:
        return True
    if outcome_of(annotation, scale) is not None or is_measure(annotation.name):
        return True
    if (scale.better or better_of(annotation.name)) is None:
        return False
    low, high = _ends(annotation, scale)
    return low is not None and high is not None


def _scored(annotation: Annotation, score: float, scale: ScoreScale, better: Better) -> Outcome | None:
    name = annotation.name
    if scale.passes_from is not None:
        return Outcome.PASS if (score >= scale.passes_from) == (better == "high") else Outcome.FAIL
    if is_measure(name) and annotation.low is None and not scale.is_declared:
        return None
    low, high = _ends(annotation, scale)
    if low is None or high is None or not low < high or not low <= score <= high:
        return _at_the_bottom(annotation, score, scale, better)
    if high - low <= 1.0:
        ends = {low: False, high: True}
        return _sided(name, ends[score] == (better == "high")) if score in ends else None
    return _graded(name, (score - low) / (high - low), better)


def _ends(annotation: Annotation, scale: ScoreScale) -> tuple[float | None, float | None]:
    """The scale that is declared, on the annotation or for its name, else the one that the values seen make plain."""
    if annotation.low is not None and annotation.high is not None:
        return annotation.low, annotation.high
    low, high = scale.low, scale.high
    if low is None or high is None:
        return (0.0, 1.0) if is_two_way(annotation.name) and annotation.score in (0.0, 1.0) else (None, None)
    return (low, high) if scale.is_declared else seen_ends(annotation.name, low, high)


def seen_ends(name: str, low: float, high: float) -> tuple[float | None, float | None]:
    """The scale that the lowest and highest value seen under a name make plain; None twice where they do not."""
    if low < 0:
        return (-1.0, 1.0) if low >= -1 and high <= 1 else (None, None)
    if high <= 1:
        # Only ones: all that was seen may be the best of two or the worst of five.
        is_plain = low < 1 or is_two_way(name)
        return (0.0, 1.0) if is_plain else (None, None)
    top = next((top for top in _TOPS[1:] if high <= top), None)
    is_sure = top is not None and (high == top or (top == 10.0 and high >= 8) or (top == 100.0 and high > 20))
    if top is None or not is_sure or high < _SURE_TOP:
        return None, None
    return (1.0 if low >= 1 and top < 100 else 0.0), top


def _at_the_bottom(annotation: Annotation, score: float, scale: ScoreScale, better: Better) -> Outcome | None:
    """A 1 (or 0) where higher values were seen is the worst grade, wherever the scale ends; -1 is a thumb down."""
    if is_measure(annotation.name) or scale.is_declared or annotation.low is not None:
        return None
    seen = scale.high if scale.high is not None else score
    if score == -1 and seen <= 1:
        return _sided(annotation.name, better == "low")
    is_worst = score in (0.0, 1.0) and 1 < seen <= _TOPS[-1] and (scale.low is None or scale.low >= 0)
    if is_worst and better == "high":
        return Outcome.FAIL
    if score == 0 and better == "high" and seen == 0 and not is_rating(annotation.name):
        return Outcome.FAIL
    return None


def _graded(name: str, share: float, better: Better) -> Outcome | None:
    """A place on a scale of grades: plainly bad, plainly good, or in between, which says neither."""
    good = share if better == "high" else 1 - share
    if _LOW_END < good < _HIGH_END:
        return None
    return _sided(name, good >= _HIGH_END)


def _sided(name: str, is_good: bool) -> Outcome | None:
    if not is_good:
        return Outcome.FAIL
    return None if is_guard(name) else Outcome.PASS


def _share_in_label(label: str, name: str) -> float | None:
    """The share of the scale in a label that names it: `4/5`, `3 of 10`, `80 %`, stars, a letter under `grade`."""
    text = label.strip()
    if found := _OF.fullmatch(text):
        value, top = _float(found["value"]), float(found["top"])
        low = 1.0 if top == 5 and value >= 1 else 0.0
        return min(max((value - low) / (top - low), 0.0), 1.0) if value <= top else None
    if found := _PERCENT.fullmatch(text):
        return min(_float(found["value"]) / 100, 1.0)
    if found := _STARS.fullmatch(text.replace("\ufe0f", "").replace(" ", "")):
        return (len(found["full"]) - 1) / 4
    return _LETTERS.get(text.casefold()) if is_rating(name) else None


def _plain_number(label: str) -> float | None:
    return _float(label) if _NUMBER.fullmatch(label) else None


def _float(text: str) -> float:
    return float(text.replace(",", "."))
