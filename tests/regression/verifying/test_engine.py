"""A plan is run pair by pair over workers; every run is kept, none is made twice, whatever happens in between."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.analysis.verification.verdicts import CaseVerdict, Policy, SuiteVerdict
from retrospan.model.cases import Case, parse_case
from retrospan.model.errors import UsageError
from retrospan.model.experiments import ExperimentState, RunRecord, Side, TargetPrint
from retrospan.regression.protocol import RunResult
from retrospan.regression.targets.trouble import TargetTroubleError, TroubleKind
from retrospan.regression.verifying import verify
from retrospan.regression.verifying.engine import Budget
from retrospan.store.contract import Store
from retrospan.store.experiments.experiments import experiment_report, get_experiment
from retrospan.store.experiments.runs import runs_of


def case(name: str, severity: str = "high") -> Case:
    return parse_case(
        f"id: {name}\ntitle: {name}\nseverity: {severity}\ninput: {name}\n"
        "checks:\n- check: output_contains\n  text: good\n"
    )


CASES = [case(name) for name in ("steady", "mended", "broken", "moody")]


class Scripted:
    """A version that answers by a rule; runs are counted, and may be made to end in trouble."""

    def __init__(self, name: str, rule: Callable[[str, int], object]) -> None:
        self.target_print = TargetPrint(name, f"hash-{name}")
        self.made: Counter[str] = Counter()
        self._rule, self._lock = rule, threading.Lock()

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"].startswith("http://127.0.0.1:")
        with self._lock:
            self.made[case.id] += 1
            number = self.made[case.id]
        answer = self._rule(case.id, number)
        if isinstance(answer, BaseException):
            raise answer
        return RunResult("good" if answer else "bad")


def old(name: str, number: int) -> bool:
    return name != "mended" and (name != "moody" or number % 2 == 0)


def new(name: str, number: int) -> bool:
    return name != "broken" and (name != "moody" or number % 2 == 1)


def pair(base: Callable[[str, int], object] = old, candidate: Callable[[str, int], object] = new) -> verify.Pair:
    return verify.Pair(Scripted("old", base), Scripted("new", candidate))


def planned(store: Store, both: verify.Pair, cases: list[Case] = CASES) -> verify.Planned:
    return verify.plan_verification(store, both, cases, project="shop", policy=Policy())


def test_each_case_gets_its_verdict_and_one_broken_blocks(store: Store) -> None:
    both = pair()
    done = verify.run_verification(store, planned(store, both), both, CASES)
    verdicts = {judged.evidence.case: judged.verdict for judged in done.judgement.cases}
    assert verdicts == {
        "steady": CaseVerdict.UNCHANGED,
        "mended": CaseVerdict.FIXED,
        "broken": CaseVerdict.BROKEN,
        "moody": CaseVerdict.FLAKY,
    }
    assert done.judgement.verdict is SuiteVerdict.BLOCKED
    kept = get_experiment(store, done.experiment.id)
    assert (kept.state, kept.verdict) == (ExperimentState.DONE, "blocked")
    assert experiment_report(store, kept.id) == done.report


def test_the_plan_is_kept_before_the_first_run(store: Store) -> None:
    both = pair()
    made = planned(store, both)
    assert get_experiment(store, made.experiment.id).plan_hash == made.experiment.plan_hash
    assert runs_of(store, made.experiment.id) == []
    assert made.experiment.state is ExperimentState.PLANNED


def test_runs_alternate_which_version_goes_first(store: Store) -> None:
    both = pair()
    made = planned(store, both, [case("steady")])
    verify.run_verification(store, made, both, [case("steady")], workers=1)
    order = [run.key.side for run in runs_of(store, made.experiment.id)]
    assert order[:4] == [Side.BASE, Side.CANDIDATE, Side.CANDIDATE, Side.BASE]


@pytest.mark.parametrize("stop_after", [1, 2, 7, 20])
def test_after_a_kill_no_run_is_lost_and_none_is_made_twice(store: Store, stop_after: int) -> None:
    reference = pair()
    verify.run_verification(store, planned(store, reference), reference, CASES, workers=1)
    both, seen = pair(), list[RunRecord]()
    made = planned(store, both)
    assert made.plan.cases != ()

    def killed(run: RunRecord, _: int) -> None:
        seen.append(run)
        if len(seen) == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify.run_verification(store, made, both, CASES, workers=1, on_run=killed)
    assert [run.key for run in runs_of(store, made.experiment.id)] == [run.key for run in seen]
    again = verify.resumed(store, get_experiment(store, made.experiment.id), both, CASES)
    assert again.plan == made.plan
    verify.run_verification(store, again, both, CASES, workers=1)
    runs = runs_of(store, made.experiment.id)
    assert len({run.key for run in runs}) == len(runs)
    assert [run.key for run in runs[:stop_after]] == [run.key for run in seen]


def test_a_budget_ends_early_and_the_rest_is_run_later(store: Store) -> None:
    both = pair()
    made = planned(store, both)
    first = verify.run_verification(store, made, both, CASES, budget=Budget(runs=10))
    assert not first.complete
    assert first.judgement.verdict is SuiteVerdict.NOT_ENOUGH
    assert len(runs_of(store, made.experiment.id)) <= 12
    rest = verify.run_verification(store, made, both, CASES)
    assert rest.complete
    assert rest.judgement.verdict is SuiteVerdict.BLOCKED


def test_a_plan_is_not_run_over_other_cases_or_versions(store: Store) -> None:
    both = pair()
    made = planned(store, both)
    other = [replace_text(CASES[0]), *CASES[1:]]
    with pytest.raises(UsageError, match="cases steady"):
        verify.resumed(store, made.experiment, both, other)
    moved = verify.Pair(both.base, Scripted("new", new))
    moved.candidate.target_print = replace(moved.candidate.target_print, target_hash="else")  # type: ignore[misc]
    with pytest.raises(UsageError, match="hash-new then, else now"):
        verify.resumed(store, made.experiment, moved, CASES)


def replace_text(given: Case) -> Case:
    return given.model_copy(update={"input": "something else"})


def test_a_version_that_dies_every_time_is_no_verdict_and_soon_given_up(store: Store) -> None:
    dead = TargetTroubleError(TroubleKind.DIED, "no key")
    both = pair(candidate=lambda name, number: dead)
    done = verify.run_verification(store, planned(store, both), both, CASES)
    assert done.judgement.verdict is SuiteVerdict.NOT_ENOUGH
    assert {judged.verdict for judged in done.judgement.cases} == {CaseVerdict.TOO_FEW}
    assert set(both.candidate.made.values()) == {3}  # type: ignore[attr-defined]
    assert done.complete


def test_a_run_that_never_began_is_tried_again_and_counted(store: Store) -> None:
    flaky = TargetTroubleError(TroubleKind.UNREACHABLE, "starting")
    both = pair(candidate=lambda name, number: flaky if number == 1 else True)
    cases = [case("steady")]
    done = verify.run_verification(store, planned(store, both, cases), both, cases)
    assert done.judgement.verdict is SuiteVerdict.HOLDS
    attempts = Counter(run.attempts for run in runs_of(store, done.experiment.id))
    assert attempts[2] == 1
    assert done.report["runs"]["retried"] == 1  # type: ignore[index]


def test_known_runs_of_the_base_decide_how_often_a_case_is_run(store: Store) -> None:
    both = pair()
    verify.run_verification(store, planned(store, both), both, CASES)
    kinds = {entry.case_id: entry.kind.value for entry in planned(store, both).plan.cases}
    assert kinds == {"steady": "never failed", "mended": "always failed", "broken": "never failed", "moody": "flaky"}


def test_code_and_recorded_runs_are_not_mixed(store: Store, tmp_path: Path) -> None:
    from retrospan.regression.targets.runnable import RunSettings
    from retrospan.regression.targets.versions import read_version

    sides = read_version("version:v3", tmp_path), read_version("a.b:run", tmp_path)
    with pytest.raises(UsageError, match="code for both sides"), verify.opened_pair(*sides, tmp_path, RunSettings()):
        raise AssertionError
