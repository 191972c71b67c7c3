"""Grade the answers of all arms in a folder and print what each question cost.

    PYTHONPATH=benchmarks python -m lift.score FOLDER [--ours retrospan] [--gold]

A cell is `right/runs calls tokens`, calls and tokens as means over the runs of a question; ! marks errors. Tokens are
characters of results divided by four. Definitions count once a question where the assistant asked for them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from intervals import bootstrap, mcnemar, rate

from .door import ANSWERS, LOG
from .gold import is_right, right_answer
from .questions import all_questions

CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True)
class Trial:
    """One question put to one arm once."""

    arm: str
    question: str
    run: int
    right: bool
    calls: int
    tokens: float
    definitions: float
    errors: int


def main() -> None:
    """Print the table, the sums and the comparisons."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--ours", default="retrospan", help="the arm that the others are compared with")
    options.add_argument("--gold", action="store_true", help="print the right answers instead")
    chosen = options.parse_args()
    if chosen.gold:
        for question in all_questions().values():
            print(question.id, json.dumps(right_answer(question))[:500])
        return
    trials = read_trials(chosen.folder)
    if not trials:
        raise SystemExit(f"No answers under {chosen.folder}: each arm's door writes them with `answer`.")
    arms = sorted({trial.arm for trial in trials}, key=lambda arm: (arm != chosen.ours, arm))
    _table(trials, arms)
    _sums(trials, arms)
    _compared(trials, arms, chosen.ours)


def read_trials(folder: Path) -> list[Trial]:
    """What was answered, with its calls. The last answer of a run counts; none at all is wrong."""
    trials = []
    for place in sorted(path.parent for path in folder.glob(f"*/{LOG}")):
        calls: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
        for row in _rows(place / LOG):
            calls[row["question"], row["run"]].append(row)
        answers = {(row["question"], row["run"]): row["answer"] for row in _rows(place / ANSWERS)}
        for question, run in sorted(calls.keys() | answers.keys()):
            if question in all_questions():
                asked = calls[question, run]
                trials.append(_trial(place.name, question, run, asked, answers.get((question, run))))
    return trials


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _trial(arm: str, question: str, run: int, asked: Sequence[dict[str, Any]], answer: Any) -> Trial:
    about = [row["characters"] for row in asked if row["verb"] == "about"]
    calls = [row for row in asked if row["verb"] != "about"]
    return Trial(
        arm,
        question,
        run,
        answer is not None and is_right(all_questions()[question], answer),
        len(calls),
        sum(row["characters"] for row in calls) / CHARACTERS_A_TOKEN,
        max(about, default=0) / CHARACTERS_A_TOKEN,
        sum(row["failed"] for row in calls),
    )


def _table(trials: Sequence[Trial], arms: Sequence[str]) -> None:
    print(f"{'':<20}" + "".join(f"{arm:>24}" for arm in arms))
    for question in all_questions():
        cells = [[trial for trial in trials if (trial.arm, trial.question) == (arm, question)] for arm in arms]
        if any(cells):
            print(f"{question:<20}" + "".join(f"{_cell(cell):>24}" for cell in cells))


def _cell(trials: Sequence[Trial]) -> str:
    if not trials:
        return "–"
    right = sum(trial.right for trial in trials)
    calls, tokens = fmean(trial.calls for trial in trials), fmean(trial.tokens for trial in trials)
    mark = "!" if any(trial.errors for trial in trials) else ""
    return f"{right}/{len(trials)} {calls:4.1f}{mark} {tokens:7,.0f}"


def _sums(trials: Sequence[Trial], arms: Sequence[str]) -> None:
    print("\nsums of the means by question, and the share that was right")
    for arm in arms:
        mine = [trial for trial in trials if trial.arm == arm]
        by_question = [[t for t in mine if t.question == question] for question in {t.question for t in mine}]
        calls, tokens, definitions = (
            sum(fmean(getattr(trial, name) for trial in group) for group in by_question)
            for name in ("calls", "tokens", "definitions")
        )
        errors = sum(trial.errors for trial in mine)
        print(
            f"{arm:<16} {rate([trial.right for trial in mine])}  {calls:,.0f} calls, {tokens:,.0f} tokens of results, "
            f"{tokens + definitions:,.0f} with definitions, {errors} errors, {len(by_question)} questions"
        )


def _compared(trials: Sequence[Trial], arms: Sequence[str], ours: str) -> None:
    print(f"\n{ours} against each, on the questions and runs that both answered")
    mine = {(trial.question, trial.run): trial for trial in trials if trial.arm == ours}
    for arm in arms:
        pairs = [(mine[key], t) for t in trials if t.arm == arm != ours and (key := (t.question, t.run)) in mine]
        if pairs:
            wins, losses, p = mcnemar([a.right for a, _ in pairs], [b.right for _, b in pairs])
            low, high = _ratio_interval(pairs)
            print(
                f"{arm:<16} right only {ours} {wins}, only {arm} {losses}, p = {p:.3g}; "
                f"tokens {_ratio(pairs):.2f} times [{low:.2f}–{high:.2f}], n = {len(pairs)}"
            )


def _ratio_interval(pairs: Sequence[tuple[Trial, Trial]]) -> tuple[float, float]:
    """By bootstrap over questions, so that repetitions of a question stay together."""
    groups: dict[str, list[tuple[Trial, Trial]]] = defaultdict(list)
    for pair in pairs:
        groups[pair[0].question].append(pair)
    return bootstrap(list(groups.values()), lambda drawn: _ratio([pair for group in drawn for pair in group]))


def _ratio(pairs: Sequence[tuple[Trial, Trial]]) -> float:
    return sum(a.tokens for a, _ in pairs) / max(1.0, sum(b.tokens for _, b in pairs))


if __name__ == "__main__":
    main()
