"""Results of tau-bench (a list of tasks with `traj` and `reward`) and tau2-bench (`simulations` of `tasks`)."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.text.jsontext import as_text
from ....model.traces import Annotation, JsonValue, SpanBatch, StepKind
from ..dialogue.turns import single_turns
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, number, optional_text, sequence, span_id_of
from ..head import Head
from ..judgements import first_of, judgement
from ..records import ReadItem, Record, Source, each_record, part_records

CONVENTION = "tau-bench"
_KEPT = ("trial", "seed", "termination_reason", "user_cost")
_CHECKS = ("db_check", "env_assertions", "action_checks", "nl_assertions", "communicate_checks", "output_checks")


def sniff(head: Head) -> bool:
    """Whether the first record is a task of tau-bench, or a tau2 file with its simulations."""
    first = head.first
    return {"task_id", "reward", "traj"} <= first.keys() or _is_tau2(first) or _is_simulation(first)


def _is_tau2(value: dict[str, JsonValue]) -> bool:
    return {"simulations", "tasks"} <= value.keys() or {"tasks", "info"} <= value.keys()


def _is_simulation(value: dict[str, JsonValue]) -> bool:
    return {"task_id", "messages", "reward_info"} <= value.keys()


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per run: a task in one trial."""
    tasks = 0

    def runs(value: dict[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
        nonlocal tasks
        if "simulations" in value:
            tasks += len(sequence(value.get("tasks")))
        for index, item in enumerate(sequence(value.get("simulations"))):
            yield f"simulations[{index}]", {**mapping(item), "info": value.get("info")}

    yield from each_record(source, lambda record: _run(record, source), lambda file: part_records(file, runs))
    if tasks:
        yield source.left_out("tasks", tasks, "They describe what was asked; the runs of them are taken.")


def _run(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    info = mapping(value.get("info"))
    environment = mapping(info.get("environment_info"))
    told = _with_policy(sequence(value.get("messages") if "messages" in value else value.get("traj")), environment)
    turns = [turn for _, turn in single_turns(told)]
    reward_info = mapping(value.get("reward_info"))
    reward = reward_info.get("reward") if "reward_info" in value else value.get("reward")
    task = as_text(value.get("task_id"))
    key = optional_text(value.get("id")) or span_id_of(
        "tau", task, as_text(value.get("trial")), as_text(value.get("seed")), as_text(turns)
    )
    agent = mapping(info.get("agent_info"))
    run = Evaluated(
        key,
        list(map(_turn, turns)),
        task=f"{as_text(environment.get('domain_name'))}-{task}".removeprefix("-"),
        project=optional_text(environment.get("domain_name")),
        version=optional_text(agent.get("llm") or agent.get("implementation")),
        notes=[_reward(reward, value), *_checks(reward_info)],
        metadata={
            name: value[name]
            for name in ("trial", "seed", "termination_reason", "user_cost")
            if value.get(name) is not None
        },
    )
    batch = evaluated_batch(run, CONVENTION, source, record.where)
    for span, turn in zip(batch.spans, turns, strict=True):
        if span.kind is StepKind.LLM and span.model is None:
            span.model = optional_text(agent.get("llm"))
        if mapping(turn).get("requestor") == "user" and span.kind is StepKind.TOOL:
            span.agent = "user"
    return batch


def _with_policy(told: list[JsonValue], environment: dict[str, JsonValue]) -> list[JsonValue]:
    """The messages after the instructions of the domain, which tau2 keeps once for all runs of a file."""
    policy = environment.get("policy")
    is_told = bool(told) and mapping(told[0]).get("role") == "system"
    return (
        told if is_told or not isinstance(policy, str) or not policy else [{"role": "system", "content": policy}, *told]
    )


def _turn(raw: JsonValue) -> JsonValue:
    """A message as it is, without the user's price, and with an error as such."""
    value = mapping(raw)
    if value.get("error") is True:
        return {**value, "is_error": True}
    if value.get("role") == "assistant" and value.get("cost") is not None:
        return {**value, "cost_usd": value["cost"]}
    return raw


def _reward(reward: JsonValue, value: dict[str, JsonValue]) -> Annotation | None:
    """Both benchmarks count a run as solved only at a reward of 1."""
    score = number(reward)
    if score is None:
        return None
    label = "pass" if score >= 1 - 1e-6 else "fail"
    why = value.get("termination_reason")
    return judgement("reward", score, label=label, explanation=why, source=CONVENTION, ends=(0.0, 1.0))


def _checks(info: dict[str, JsonValue]) -> Iterator[Annotation | None]:
    for name in _CHECKS:
        found = info.get(name)
        for item in map(mapping, sequence(found) if isinstance(found, list) else [found]):
            met = next((item[key] for key in ("db_match", "action_match", "met", "success") if key in item), None)
            if isinstance(met, bool):
                about = first_of(item, "nl_assertion", "info", "action", "env_assertion", "justification")
                label = "met" if met else "not met"
                yield judgement(name, None, label=label, explanation=as_text(about), source=CONVENTION)
