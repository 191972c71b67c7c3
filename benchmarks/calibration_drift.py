"""Streams in which nothing, the system or the judge changes, from real judges and real version changes."""

from __future__ import annotations

import numpy as np
from judged import Floats, Judged
from retrospan.analysis.judging.bounds import clopper_pearson
from retrospan.analysis.judging.drift import ANCHORS, Drift, DriftWatch
from retrospan.analysis.statistics import wilson

BATCHES = 25
EVERY = 200
"""New runs after which the anchors are judged again."""
PASSES = 2
"""Further judgings of all anchors before a change is called the system's."""
CHANGES_AT = 3
REFERENCE = 600
NOISE = 0.02
"""Share of answers that a judge gives otherwise when asked again."""
REPEATS = 5
WORTH = 0.3
"""Kappa of the judges that are watched: one that sees no failures sees no more of them when there are more."""
MATERIAL = 0.15
"""Share of answers that differ between two judges for a change from one to the other to count."""
WORSE = 0.45
"""Bad rate of the system after its change."""


def print_drift(judges: list[Judged], streams: int) -> None:
    watched = [judge for judge in judges if judge.kappa >= WORTH]
    pairs = [
        (before, after)
        for before in watched
        for after in judges
        if len(before.judge) == len(after.judge) and float((before.judge != after.judge).mean()) >= MATERIAL
    ]
    bumps = [
        (before, after)
        for before in watched
        for after in judges
        if after.name.startswith(f"{before.name}-Thinking") and len(before.judge) == len(after.judge)
    ]
    if not pairs:
        return
    print(f"\n## Drift: {BATCHES} batches of {EVERY} runs, {ANCHORS} anchors; a change after batch {CHANGES_AT}")
    for kind in Drift:
        verdicts, alarms = [], 0
        for number in range(streams):
            before, after = pairs[number % len(pairs)]
            verdict, alarmed = stream(before, after, kind, np.random.default_rng(number))
            verdicts.append(verdict)
            alarms += alarmed
        right = sum(verdict is kind for verdict in verdicts) / streams
        told = ", ".join(f"{word.value} {sum(v is word for v in verdicts)}" for word in Drift)
        print(f"{kind.value:7} right {right:.1%} ({told}); rolling z-test alarms {alarms / streams:.1%}")
    for before, after in bumps:
        differ = float((before.judge != after.judge).mean())
        found = [stream(before, after, Drift.JUDGE, np.random.default_rng(n))[0] for n in range(100)]
        right = sum(verdict is Drift.JUDGE for verdict in found)
        print(f"  {before.name} to {after.name}: answers differ on {differ:.0%} of items; named {right} of 100")


def stream(before: Judged, after: Judged, kind: Drift, rng: np.random.Generator) -> tuple[Drift, bool]:
    """The verdict at the first alarm, and whether a z-test a batch raised one."""
    items = rng.permutation(len(before.human))
    half = ANCHORS // 2
    anchors = np.concatenate([items[before.human[items] == bad][:half] for bad in (0, 1)])
    rest = np.setdiff1d(items, anchors)
    certified = before.judge[anchors]
    start = noisy(before.judge[rng.choice(rest, REFERENCE)], rng)
    repeats = sum(int((noisy(certified, rng) != certified).sum()) for _ in range(REPEATS))
    watch = DriftWatch(wilson(float(start.sum()), REFERENCE), clopper_pearson(repeats, REPEATS * ANCHORS))
    verdict, alarmed = Drift.NONE, False
    for batch in range(BATCHES):
        changed = batch >= CHANGES_AT
        judge = after.judge if changed and kind is Drift.JUDGE else before.judge
        runs = noisy(judge[draw(before, rest, rng, WORSE if changed and kind is Drift.SYSTEM else None)], rng)
        alarmed |= z_alarm(start, runs)
        if verdict is not Drift.NONE:
            continue
        watch.see_runs(runs.tolist())
        for _ in range(1 + PASSES * watch.anchors_wanted):
            watch.see_anchors(certified.tolist(), noisy(judge[anchors], rng).tolist())
        verdict = watch.verdict
    return verdict, alarmed


def draw(judged: Judged, rest: np.ndarray, rng: np.random.Generator, bad: float | None) -> np.ndarray:
    if bad is None:
        return rng.choice(rest, EVERY)
    is_bad = judged.human[rest] == 1
    chance = np.where(is_bad, bad / is_bad.sum(), (1 - bad) / (~is_bad).sum())
    return rng.choice(rest, EVERY, p=chance)


def noisy(answers: Floats, rng: np.random.Generator) -> Floats:
    return np.where(rng.random(len(answers)) < NOISE, 1 - answers, answers)


def z_alarm(start: Floats, runs: Floats) -> bool:
    pooled = float(np.concatenate([start, runs]).mean())
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(start) + 1 / len(runs)))
    return bool(error > 0 and abs(runs.mean() - start.mean()) / error > 1.96)
