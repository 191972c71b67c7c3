"""The labelled data sets as records of the messages format, each with its labels kept apart.

Nothing that tells the answer goes into a record: no label, reward, gold action, gold answer or correctness flag.
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrospan.analysis.unpacking import unpacked

DATA = Path(os.environ.get("RETROSPAN_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Case:
    """One labelled run."""

    id: str
    record: dict[str, Any]
    """The run in the messages format."""
    steps: tuple[int, ...] = ()
    """Right steps, 0-based; several where annotators differ and either counts."""
    agents: tuple[str, ...] = ()
    outcome: str | None = None
    group: str = ""
    """Task or question: runs of one group are alike, and stay in one half."""
    extra: dict[str, Any] = field(default_factory=dict)


def load(path: Path) -> Any:
    """A JSON file, plain or xz."""
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as file:
            return json.load(file)
    return json.loads(path.read_text(encoding="utf-8"))


def who_and_when_hc() -> list[Case]:
    """Hand-Crafted runs; right is the step of either team of annotators."""
    second = _agentrx_roots()
    cases = []
    for path in sorted((DATA / "who_and_when" / "Hand-Crafted").glob("*.json")):
        value = load(path)
        steps, agents = [int(value["mistake_step"])], [value["mistake_agent"]]
        other = second.get(value["question_ID"])
        if other:
            steps.append(other[0])
            agents.append(other[1])
        cases.append(
            Case(
                f"HC/{path.stem}",
                {"id": f"HC/{path.stem}", "messages": [_team_turn(turn, "role") for turn in value["history"]]},
                tuple(steps),
                tuple(agents),
                "fail",
                value["question_ID"],
            )
        )
    return cases


def who_and_when_ag() -> list[Case]:
    """Algorithm-Generated runs; see the layout shortcut printed beside the result."""
    cases = []
    for path in sorted((DATA / "who_and_when" / "Algorithm-Generated").glob("*.json"), key=lambda item: int(item.stem)):
        value = load(path)
        messages = [_team_turn(turn, "name") for turn in value["history"]]
        question = {"role": "user", "content": value["question"]}
        cases.append(
            Case(
                f"AG/{path.stem}",
                {"id": f"AG/{path.stem}", "messages": [question, *messages]},
                (int(value["mistake_step"]) + 1,),
                (value["mistake_agent"],),
                "fail",
                value["question_ID"],
            )
        )
    return cases


def tracertraj() -> list[Case]:
    """MetaGPT runs whose fault was injected or found by replay."""
    path = DATA / "tracertraj_code" / "tracertraj-code-test.jsonl.xz"
    cases = []
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, value in enumerate(map(json.loads, lines)):
            messages = [_team_turn(turn, "name") for turn in value["history"]]
            question = {"role": "user", "content": value["question"]}
            record: dict[str, Any] = {"id": f"TT/{number}", "messages": [question, *messages]}
            step, agent = int(value["mistake_step"]) + 1, value["mistake_agent"]
            cases.append(Case(f"TT/{number}", record, (step,), (agent,), "fail", value["question_ID"]))
    return cases


def agentrx_magentic() -> list[Case]:
    """Magentic-One runs with one root cause among many failures."""
    roots = _agentrx_roots()
    cases = []
    for path in sorted((DATA / "agentrx_magentic" / "magentic_dataset").glob("*.json")):
        if path.stem in roots:
            step, agent = roots[path.stem]
            messages = [_team_turn(turn, "role") for turn in load(path)]
            record: dict[str, Any] = {"id": f"RX/{path.stem}", "messages": messages}
            cases.append(Case(f"RX/{path.stem}", record, (step,), (agent,), "fail", path.stem))
    return cases


def agentrx_tau() -> list[Case]:
    """Labelled failing retail runs; labels are 1-based."""
    folder = DATA / "agentrx_tau"
    runs = {run["task_id"]: run for run in load(folder / "tau_retail" / "tau_dataset_full.json.xz")}
    runs |= {run["task_id"]: run for run in load(folder / "tau_retail" / "tau_dataset_failed.json")}
    cases = []
    for label in load(folder / "ground_truth" / "tau_ground_truth.json"):
        run = runs[label["trajectory_id"]]
        root = _root(label)
        case_id = f"RXT/{label['trajectory_id']}"
        record = {"id": case_id, "messages": run["traj"], "task": str(run["task_id"])}
        cases.append(
            Case(case_id, record, (root["step_number"] - 1,), (root["failed_agent"],), "fail", str(run["task_id"]))
        )
    return cases


def tau_airline() -> list[Case]:
    """All airline runs; failing ones carry the step of the first changing call that the gold actions lack."""
    return [_tau_case("airline", run, "v1") for run in load(DATA / "tau_airline" / "gpt-4o-airline.json.xz")]


def tau_retail() -> list[Case]:
    """All retail runs of four agent versions, labelled as `tau_airline`."""
    cases = []
    for path in sorted((DATA / "tau_retail_variants").glob("*.json.xz")):
        version = path.name.partition(".")[0]
        cases += [_tau_case("retail", run, version) for run in load(path) if run["traj"]]
    return cases


def agent_error_bench() -> list[Case]:
    """Single-agent runs; the label counts agent turns from 1."""
    folder = DATA / "agent_error_bench_gaia"
    labels = {label["trajectory_id"]: label for label in load(folder / "gaia_labels.json")}
    cases = []
    for path in sorted((folder / "GAIA").glob("*.json.xz")):
        label = labels.get(path.name.removesuffix(".json.xz"))
        if label:
            messages = load(path)["messages"]
            turns = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
            at = min(int(label["critical_failure_step"]), len(turns)) - 1
            case_id = f"AEB/{label['trajectory_id']}"
            record = {"id": case_id, "messages": messages}
            cases.append(Case(case_id, record, (turns[at],), (), "fail", label["trajectory_id"]))
    return cases


def agent_process_bench() -> list[Case]:
    """Search agents on HotpotQA; every agent turn is labelled good (1), neutral (0) or bad (-1).

    Right is the first bad step; a run whose answer is right passed.
    """
    text = lzma.decompress((DATA / "agent_process_bench" / "hotpotqa.jsonl.xz").read_bytes()).decode()
    cases = []
    for line in filter(None, text.splitlines()):
        value = json.loads(line)
        labels = {int(key): int(label) for key, label in value["step_labels"].items()}
        bad = sorted(key for key, label in labels.items() if label < 0)
        case_id = f"APB/{value['query_index']}/{value['sample_index']}"
        record = {"id": case_id, "messages": value["messages"]}
        outcome = "pass" if value["final_label"] > 0 else "fail"
        group, extra = f"APB {value['query_index']}", {"labels": labels, "bad": tuple(bad)}
        cases.append(Case(case_id, record, tuple(bad[:1]), (), outcome, group, extra))
    return cases


def _team_turn(turn: dict[str, Any], speaker: str) -> dict[str, Any]:
    name = str(turn.get(speaker) or turn["role"])
    if name in ("human", "user"):
        return {"role": "user", "content": turn["content"]}
    return {"role": "assistant", "name": name, "content": turn["content"]}


def _root(label: dict[str, Any]) -> dict[str, Any]:
    wanted = str(label["root_cause"]["failure_id"])
    return next(failure for failure in label["failures"] if str(failure["failure_id"]) == wanted)


def _agentrx_roots() -> dict[str, tuple[int, str]]:
    labels = load(DATA / "agentrx_magentic" / "ground_truth" / "magentic_one_ground_truth.json")
    roots = {str(label["trajectory_id"]): _root(label) for label in labels}
    return {key: (int(root["step_number"]) - 1, root["failed_agent"]) for key, root in roots.items()}


WRITES = frozenset(
    [
        "book_reservation",
        "cancel_reservation",
        "send_certificate",
        "update_reservation_baggages",
        "update_reservation_flights",
        "update_reservation_passengers",
        "transfer_to_human_agents",
        "cancel_pending_order",
        "exchange_delivered_order_items",
        "modify_pending_order_address",
        "modify_pending_order_items",
        "modify_pending_order_payment",
        "modify_user_address",
        "return_delivered_order_items",
    ]
)


def _tau_case(domain: str, run: dict[str, Any], version: str) -> Case:
    case_id = f"{domain}/{version}/{run['task_id']}/{run['trial']}"
    record = {"id": case_id, "messages": run["traj"], "task": f"{domain}-{run['task_id']}", "version": version}
    outcome = "pass" if run["reward"] == 1 else "fail"
    gold = [(action["name"], action["kwargs"]) for action in run["info"]["task"]["actions"]]
    wrong = next(_wrong_writes(run["traj"], gold), None) if outcome == "fail" else None
    steps = (wrong[0],) if wrong else ()
    extra = {"gold": gold, "wrong": wrong, "writes": [(name, given) for _, name, given in _writes(run["traj"])]}
    return Case(case_id, record, steps, (), outcome, str(run["task_id"]), extra)


def _wrong_writes(messages: list[dict[str, Any]], gold: list[tuple[str, Any]]) -> Iterator[tuple[int, str, Any]]:
    for index, name, arguments in _writes(messages):
        if name != "transfer_to_human_agents" and (name, arguments) not in gold:
            yield index, name, arguments


def _writes(messages: list[dict[str, Any]]) -> Iterator[tuple[int, str, Any]]:
    for index, message in enumerate(messages):
        for call in message.get("tool_calls") or []:
            name = call["function"]["name"]
            arguments = unpacked(call["function"]["arguments"])
            if name in WRITES:
                yield index, name, arguments
