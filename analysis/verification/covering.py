"""The fewest cases that cover what all of them cover."""

from __future__ import annotations

from collections.abc import Mapping


def smallest_cover(covers: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Cases that together cover all that any case covers, few of them, the most telling first.

    A case that covers nothing known is kept: what it is good for cannot be told from here.

    >>> smallest_cover({"a": frozenset("xy"), "b": frozenset("y"), "c": frozenset("z"), "d": frozenset()})
    ('a', 'c', 'd')

    Source: the greedy rule for set cover (Chvátal 1979), at most 1 + ln(n) times the fewest; then every case is dropped
    that the later ones made needless. Cost: O(cases² · items).
    """
    left, chosen = set().union(*covers.values()), []
    while left:
        best = min(covers, key=lambda case: (-len(covers[case] & left), case))
        chosen.append(best)
        left -= covers[best]
    for case in reversed(chosen.copy()):
        others = set().union(*(covers[other] for other in chosen if other != case))
        if covers[case] <= others:
            chosen.remove(case)
    return (*chosen, *sorted(case for case, items in covers.items() if not items))
