"""Rules mined from runs: what is nearly always done before a change, and where its arguments come from."""

from __future__ import annotations

from typing import Any

from retrospan.analysis.mining import ProposedRule, mine_rules
from retrospan.analysis.reading import Reading, read


def _run(build: Any, *calls: tuple[str, dict[str, str], str]) -> Reading:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Book it."}]
    for i, (tool, arguments, result) in enumerate(calls):
        call = {"id": f"c{i}", "name": tool, "arguments": arguments}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{i}", "content": result})
    return read(build([*messages, {"role": "assistant", "content": "Done."}]))


def _booking(build: Any, *, checked: bool = True, service: str = "skin", slot: str = "S-101") -> Reading:
    check = [("check_insurance", {"patient": "P-77"}, "covered")] if checked else []
    slots = ("find_slots", {"service": service}, f'[{{"slot": "{slot}"}}, {{"slot": "S-900"}}]')
    return _run(build, slots, *check, ("book_visit", {"slot": slot, "service": service}, "ok"))


def test_a_step_that_is_always_taken_before_a_change_is_proposed(build: Any) -> None:
    rules = mine_rules([_booking(build) for _ in range(12)])

    assert ProposedRule("book_visit", requires_before="check_insurance", support=12) in rules


def test_a_rule_names_the_runs_that_break_it(build: Any) -> None:
    rules = mine_rules([*(_booking(build) for _ in range(39)), _booking(build, checked=False)])

    rule = next(rule for rule in rules if rule.requires_before == "check_insurance")
    assert (rule.support, len(rule.against)) == (39, 1)


def test_a_step_that_is_taken_for_one_kind_of_request_gets_a_condition(build: Any) -> None:
    hearts = [_booking(build, service="heart") for _ in range(12)]
    others = [_booking(build, service="skin", checked=False) for _ in range(12)]

    rules = [rule for rule in mine_rules([*hearts, *others]) if rule.requires_before == "check_insurance"]

    assert [rule.when for rule in rules] == [(("service", "heart"),)]
    assert rules[0].as_rule()["when"] == {"service": "heart"}


def test_an_argument_that_stands_in_an_earlier_result_is_proposed(build: Any) -> None:
    rules = mine_rules([_booking(build, slot=f"S-{i}") for i in range(100, 112)])

    assert [(rule.argument, rule.found_in) for rule in rules if rule.argument] == [("slot", "find_slots")]


def test_a_step_that_is_taken_half_of_the_time_is_no_rule(build: Any) -> None:
    runs = [_booking(build, checked=i % 2 == 0) for i in range(20)]

    assert not [rule for rule in mine_rules(runs) if rule.requires_before == "check_insurance"]


def test_few_runs_yield_nothing(build: Any) -> None:
    assert mine_rules([_booking(build) for _ in range(11)]) == ()


def test_every_proposal_is_a_rule_of_the_file(build: Any) -> None:
    from retrospan.knowledge.invariants import Invariants

    rules = mine_rules([_booking(build, slot=f"S-{i}", service=("heart", "skin")[i % 2]) for i in range(100, 124)])

    assert Invariants.model_validate({"invariants": [rule.as_rule() for rule in rules]}).invariants
