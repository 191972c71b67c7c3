"""A name for a mode from the words that its runs have and others have not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .words import NUMBER, words_of

_TERMS = 4
_LEAST_SCORE = 1.0
"""z score below which a word is no mark of the mode."""
_SILENT = "failed without a signal"


@dataclass(frozen=True, slots=True)
class NamingText:
    """What one run gives for naming."""

    signals: tuple[str, ...]
    """Its failure signals, the clearest first."""
    tool: str | None
    """The tool at the step that shows the failure."""
    error: str
    """What the error or the reason of the clearest signal says; empty without one."""
    text: str
    """The answer; the request where there was none."""
    request: str = ""


def name_of(members: Sequence[NamingText], others: Sequence[NamingText]) -> str:
    """The name of a mode: its commonest signal, where it shows, and its distinctive words.

    Args:
        members: Some of its runs, at least one.
        others: Some runs outside it.
    """
    signal = _commonest([text.signals[0] for text in members if text.signals], len(members))
    tool = _commonest([text.tool for text in members if text.tool], len(members))
    error = _commonest([text.error for text in members if text.error], len(members))
    if signal is None:
        # How an answer takes its leave says nothing; what was asked at least says where to look.
        about = distinctive_terms([text.request for text in members], [text.request for text in others])
        return f"{_SILENT}, asked about {', '.join(about)}" if about else _SILENT
    head = signal.replace("_", " ")
    place = f" in {tool}" if tool and tool not in head else ""
    if error and "error" in signal:
        return f"{head}{place}: {error[:80]}"
    terms = distinctive_terms([text.text for text in members], [text.text for text in others])
    return f"{head}{place}: {', '.join(terms)}" if terms else f"{head}{place}"


def _commonest(values: Sequence[str], of: int) -> str | None:
    """The commonest value, where at least half of the runs have it."""
    counted = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    return counted[0][0] if counted and 2 * counted[0][1] >= of else None


def distinctive_terms(members: Sequence[str], others: Sequence[str], limit: int = _TERMS) -> list[str]:
    """The words that mark `members` against `others`, the most telling first.

    A run counts each word once, so that one long text cannot name a mode; a word that fewer than two runs in five have
    is none of the mode's.

    Source: log-odds with an informative Dirichlet prior, Monroe, Colaresi and Quinn (2008).
    """
    inside = Counter(word for text in members for word in set(words_of(text)) if word != NUMBER and len(word) > 2)
    outside = Counter(word for text in others for word in set(words_of(text)))
    total_in, total_out = sum(inside.values()), sum(outside.values())
    prior = Counter(inside)
    prior.update(outside)
    total = max(sum(prior.values()), 1)
    strength = 10.0
    scored = []
    for word, count in inside.items():
        if 5 * count < 2 * len(members):
            continue
        alpha = strength * prior[word] / total
        y, z = count + alpha, outside[word] + alpha
        # A word that is the only one there is leaves nothing to hold it against.
        rest_in, rest_out = max(total_in + strength - y, 1e-9), max(total_out + strength - z, 1e-9)
        odds = math.log(y / rest_in) - math.log(z / rest_out)
        scored.append((-odds / math.sqrt(1 / y + 1 / z), -count, word))
    ranked = sorted(scored)
    telling = [word for score, _, word in ranked if -score >= _LEAST_SCORE]
    # Few runs tell little for sure; two words that lean the right way are better than no name.
    leaning = [word for score, _, word in ranked[:2] if score < 0 or not others]
    return telling[:limit] or leaning
