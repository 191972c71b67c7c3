"""What changed between two groups of runs: two versions, two windows, two failure modes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..model.traces import Outcome, TraceSummary
from .statistics import (
    Interval,
    adjusted,
    difference_of_shares,
    fisher_p,
    mcnemar_p,
    median,
    median_bounds,
    medians_p,
    wilson,
)

_CHANCE = 0.05
_QUANTITIES = ("steps", "duration_ms", "input_tokens", "output_tokens", "cost_usd")


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the comparison sees it."""

    summary: TraceSummary
    signals: frozenset[str] = frozenset()
    """Names of its failure signals."""
    tools: tuple[str, ...] = ()
    """Tools called, each once."""
    prompt: str | None = None
    """Fingerprint of the system prompt."""
    tool_schemas: str | None = None
    """Fingerprint of the tool definitions."""


@dataclass(frozen=True, slots=True)
class ShareChange:
    """How often something holds in each group."""

    name: str
    left_hits: int
    left_n: int
    right_hits: int
    right_n: int
    change: Interval
    """Right share minus left share."""
    p: float
    """Exact, adjusted over all names compared; chance of as large a difference where nothing changed."""

    @property
    def clear(self) -> bool:
        """Whether chance is an unlikely explanation."""
        return self.p < _CHANCE


@dataclass(frozen=True, slots=True)
class PairedChange:
    """Outcomes of the tasks that both groups ran, task by task."""

    tasks: int
    broken: tuple[str, ...]
    """Tasks that mostly passed on the left and mostly fail on the right."""
    fixed: tuple[str, ...]
    p: float
    """Exact McNemar over tasks."""

    @property
    def clear(self) -> bool:
        return self.p < _CHANCE


@dataclass(frozen=True, slots=True)
class MedianChange:
    """A quantity's middle value in each group, among the runs that tell it."""

    name: str
    left: float | None
    right: float | None
    left_n: int
    right_n: int
    left_bounds: tuple[float, float] | None
    """95 % interval; None where the group is too small for one."""
    right_bounds: tuple[float, float] | None
    p: float
    """Exact, adjusted over all quantities; chance of as large a difference where nothing changed."""

    @property
    def clear(self) -> bool:
        return self.p < _CHANCE


@dataclass(frozen=True, slots=True)
class GroupComparison:
    """Two groups side by side."""

    left_n: int
    right_n: int
    left_pass: Interval
    right_pass: Interval
    left_judged: int
    """Runs whose outcome somebody said."""
    right_judged: int
    outcome: ShareChange | None
    """Share of passes, unpaired; None where a side has no known outcome."""
    paired: PairedChange | None
    """None where the groups share no task with a known outcome."""
    signals: tuple[ShareChange, ...]
    tools: tuple[ShareChange, ...]
    medians: tuple[MedianChange, ...]
    prompts: tuple[tuple[str, ...], tuple[str, ...]]
    """Fingerprints of system prompts on each side."""
    tool_schemas: tuple[tuple[str, ...], tuple[str, ...]]
    models: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def verdict(self) -> str:
        """One sentence on the whole: worse, better, no evidence of a change, or not comparable."""
        return _verdict(self)


def compare_groups(left: Sequence[Run], right: Sequence[Run]) -> GroupComparison:
    """Compare two groups of runs.

    Outcomes are paired by task where both groups ran it, which removes the difference between easy and hard tasks;
    without shared tasks they are compared as independent samples. Signals, tools and medians are tested exactly, with
    the p values adjusted for their number.

    Args:
        left: The runs before, or the reference.
        right: The runs after.

    Cost: O(runs × (signals + tools)).
    """
    left_known, right_known = _known(left), _known(right)
    left_hits, right_hits = _passes(left_known), _passes(right_known)
    outcome = None
    if left_known and right_known:
        counts = (left_hits, len(left_known), right_hits, len(right_known))
        outcome = ShareChange("pass", *counts, difference_of_shares(*counts), fisher_p(*counts))
    return GroupComparison(
        left_n=len(left),
        right_n=len(right),
        left_pass=wilson(left_hits, len(left_known)),
        right_pass=wilson(right_hits, len(right_known)),
        left_judged=len(left_known),
        right_judged=len(right_known),
        outcome=outcome,
        paired=_paired(left_known, right_known),
        signals=_shares([run.signals for run in left], [run.signals for run in right]),
        tools=_shares([frozenset(run.tools) for run in left], [frozenset(run.tools) for run in right]),
        medians=_medians(left, right),
        prompts=(_names(run.prompt for run in left), _names(run.prompt for run in right)),
        tool_schemas=(_names(run.tool_schemas for run in left), _names(run.tool_schemas for run in right)),
        models=(_names(m for r in left for m in r.summary.models), _names(m for r in right for m in r.summary.models)),
    )


def _known(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.summary.outcome is not Outcome.UNKNOWN]


def _passes(runs: Sequence[Run]) -> int:
    return sum(run.summary.outcome is Outcome.PASS for run in runs)


def _names(values: Iterable[str | None]) -> tuple[str, ...]:
    counted = Counter(value for value in values if value)
    return tuple(name for name, _ in counted.most_common())


def _by_task(runs: Sequence[Run]) -> dict[str, float]:
    """Share of passes by task."""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for run in runs:
        if run.summary.task:
            outcomes[run.summary.task].append(run.summary.outcome is Outcome.PASS)
    return {task: sum(passed) / len(passed) for task, passed in outcomes.items()}


def _paired(left: Sequence[Run], right: Sequence[Run]) -> PairedChange | None:
    """A task counts as passing on a side where more than half of its runs there passed."""
    before, after = _by_task(left), _by_task(right)
    shared = sorted(before.keys() & after.keys(), key=_natural)
    if not shared:
        return None
    broken = tuple(task for task in shared if before[task] > 0.5 >= after[task])
    fixed = tuple(task for task in shared if after[task] > 0.5 >= before[task])
    return PairedChange(len(shared), broken, fixed, mcnemar_p(len(broken), len(fixed)))


def _natural(task: str) -> tuple[int, str]:
    return (int(task), "") if task.isdigit() else (1 << 62, task)


def _shares(left: Sequence[frozenset[str]], right: Sequence[frozenset[str]]) -> tuple[ShareChange, ...]:
    if not left or not right:
        return ()
    before, after = Counter(n for names in left for n in names), Counter(n for names in right for n in names)
    names = sorted(before.keys() | after.keys())
    raw = [fisher_p(before[n], len(left), after[n], len(right)) for n in names]
    changes = [
        ShareChange(
            name,
            before[name],
            len(left),
            after[name],
            len(right),
            difference_of_shares(before[name], len(left), after[name], len(right)),
            p,
        )
        for name, p in zip(names, adjusted(raw), strict=True)
    ]
    return tuple(sorted(changes, key=lambda change: (change.p, -abs(change.change.value), change.name)))


def _medians(left: Sequence[Run], right: Sequence[Run]) -> tuple[MedianChange, ...]:
    before, after = _told(left), _told(right)
    names = [name for name in before if before[name] or after[name]]
    ps = adjusted([medians_p(before[name], after[name]) for name in names])
    return tuple(
        MedianChange(
            name,
            median(before[name]),
            median(after[name]),
            len(before[name]),
            len(after[name]),
            median_bounds(before[name]),
            median_bounds(after[name]),
            p,
        )
        for name, p in zip(names, ps, strict=True)
    )


def _told(runs: Sequence[Run]) -> dict[str, list[float]]:
    """The values of each quantity; a run that counts no tokens tells none."""
    told: dict[str, list[float]] = {name: [] for name in _QUANTITIES}
    for run in runs:
        usage = run.summary.usage
        tokens = (usage.input_tokens or None, usage.output_tokens or None)
        values = (run.summary.step_count, run.summary.duration_ms, *tokens, run.summary.cost_usd)
        for name, value in zip(_QUANTITIES, values, strict=True):
            if value is not None:
                told[name].append(value)
    return told


def _verdict(comparison: GroupComparison) -> str:
    paired, outcome = comparison.paired, comparison.outcome
    if outcome is None:
        return "Not comparable by outcome: nobody said how the runs of one side ended."
    if paired is not None:
        worse = len(paired.broken) > len(paired.fixed)
        moved = f"{len(paired.broken)} of {paired.tasks} shared tasks broke, {len(paired.fixed)} were fixed"
        chance = f"exact paired p = {paired.p:.2g}"
        if paired.clear:
            return f"{'Worse' if worse else 'Better'}: {moved} ({chance})."
        return f"No evidence of a change in total: {moved} ({chance})."
    if outcome.clear:
        return f"{'Worse' if outcome.change.value < 0 else 'Better'} (exact p = {outcome.p:.2g}); no shared tasks."
    return f"No evidence of a change in total (exact p = {outcome.p:.2g}); no shared tasks."
