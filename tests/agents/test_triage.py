"""`retrospan triage`: resumed without paying twice, inside its budget, one at a time, every sentence traceable."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import run
from conversations import Builder, says
from refunds import investigates, refund_run
from retrospan.services.agent_work.jobs import AGENTS_PROJECT, only_one
from retrospan.services.reviewing.sentences import claims_of_proposal
from retrospan.store.contract import Store
from scripted_model import Reply, ScriptedModel, refuses_load, reports, serving, trace_of, turn_of
from scripted_model import claim as claimed


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    """The scripted investigator as the endpoint of this process and its children."""
    with serving(investigates) as served:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield served


def triage(store: Store, *options: str) -> Any:
    return run("triage", *options, "--store", str(store.location))


def test_a_run_that_failed_is_investigated_and_put_before_people(
    store: Store, traces: Builder, model: ScriptedModel
) -> None:
    refund_run(traces)
    done = triage(store, "--json")
    assert done.code == 0, done.err
    (answer,) = done.json["traces"]
    assert answer["label"] == "fail"
    assert [claim["steps"][0]["quote"] for claim in answer["claims"]] == ["You have 45 days", "within 30 days"]
    assert (answer["cause"], answer["cause_step"]["step"]) == ("reasoning", 3)
    assert answer["item"] == "R1"
    with store.read() as con:
        (proposal,) = con.execute("SELECT * FROM proposal").fetchall()
        assert con.execute("SELECT count(*) FROM verdict").fetchone()[0] == 0
    assert proposal["proposed_by"] == "agent:investigator"
    assert proposal["explanation"] == "The reply promises 45 days [3]. The policy allows 30 [2]."
    assert [claim.supports[0].step for claim in claims_of_proposal(store, proposal["id"])] == [3, 2]


def test_runs_are_named_by_id_mode_or_signal(store: Store, traces: Builder, model: ScriptedModel) -> None:
    for _ in range(3):
        refund_run(traces)
    traces.add(says("user", "Hi"), says("assistant", "Hello."))

    def chosen(*options: str) -> list[str]:
        return sorted(triage(store, *options, "--dry-run", "--json").json["ids"])

    assert chosen("T2", "T4") == ["T2", "T4"]
    assert chosen("--mode", "ungrounded_value") == ["T1", "T2", "T3"]
    assert chosen("--mode", "M1") == ["T1", "T2", "T3"]
    assert chosen("--mode", "loop") == []
    assert triage(store, "T77").code == 2


def test_the_readable_answer_shows_the_step_under_each_sentence(
    store: Store, traces: Builder, model: ScriptedModel
) -> None:
    refund_run(traces)
    out = triage(store).out
    assert "T1 fail, reasoning at step 3, medium confidence (P1, asked as R1)" in out
    sentence, support = out.splitlines()[1:3]
    assert sentence == "  The reply promises 45 days."
    assert support == "      step 3: “You have 45 days”"


def test_a_run_with_an_answer_is_not_paid_again(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)
    triage(store)
    asked = len(model.requests)
    again = triage(store)
    assert again.code == 0
    assert "Nothing waits" in again.out
    assert len(model.requests) == asked
    assert triage(store, "--again").code == 0
    assert len(model.requests) == 2 * asked


def test_a_dry_run_asks_nobody_and_says_about_what_it_costs(
    store: Store, traces: Builder, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund_run(traces)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    done = triage(store, "--dry-run", "--json")
    assert done.json["traces"] == 1
    assert done.json["cost_usd"] > 0
    assert done.json["measured_on"] == 0
    assert model.requests == []
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM agent_job").fetchone()[0] == 0


def test_without_a_key_it_says_what_works_without(
    store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refund_run(traces)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    done = triage(store)
    assert done.code == 2
    assert "ANTHROPIC_API_KEY" in done.err
    assert "retrospan suspects" in done.err


@pytest.mark.parametrize("option", [("--budget-tokens", "60000"), ("--budget-usd", "0.4")])
def test_the_budget_stops_the_job_in_time(
    store: Store, traces: Builder, model: ScriptedModel, option: tuple[str, str]
) -> None:
    for _ in range(30):
        refund_run(traces)
    done = triage(store, *option, "--parallel", "3", "--json")
    assert done.code == 1
    assert done.json["stopped"] == "budget"
    assert done.json["left"] > 0
    spent = done.json["spent"]
    assert spent["cost_usd"] <= 0.4
    assert option[0] == "--budget-usd" or spent["input_tokens"] + spent["output_tokens"] <= 60_000
    assert any(answer["label"] == "fail" for answer in done.json["traces"])


def test_a_stopped_job_goes_on_where_it_was(store: Store, traces: Builder, model: ScriptedModel) -> None:
    for _ in range(10):
        refund_run(traces)
    first = triage(store, "--budget-tokens", "40000", "--parallel", "2", "--json")
    assert first.json["stopped"] == "budget"
    assert "began with" in triage(store, "--resume", "--model", "claude-opus-5-5").err
    second = triage(store, "--resume", "--budget-tokens", "1000000", "--json")
    assert second.code == 0, second.err
    assert len(second.json["traces"]) == 10
    asked = Counter((trace_of(body), turn_of(body)) for body in model.requests)
    assert set(asked.values()) == {1}, "no request was sent twice"
    assert second.json["spent"]["requests"] == 20


def test_a_busy_endpoint_leaves_its_runs_for_later(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)
    refund_run(traces)
    model.script = lambda body: refuses_load(529) if trace_of(body) == "T1" else investigates(body)
    done = triage(store, "--json")
    assert done.code == 1
    assert done.json["left"] == 1
    assert "529" in done.json["problems"][0]
    model.script = investigates
    assert triage(store, "--resume").code == 0


def test_a_request_that_is_refused_for_good_fails_that_run_alone(
    store: Store, traces: Builder, model: ScriptedModel
) -> None:
    refund_run(traces)
    refund_run(traces)
    bad = Reply(status=400, error="invalid_request_error")
    model.script = lambda body: bad if trace_of(body) == "T1" else investigates(body)
    done = triage(store, "--json")
    assert sorted(answer["state"] for answer in done.json["traces"]) == ["done", "failed"]
    assert done.code == 1


def test_a_run_without_an_answer_leaves_no_proposal(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)
    model.script = lambda body: reports(claimed("It lied.", 2, "this stands nowhere"))
    done = triage(store, "--json")
    (answer,) = done.json["traces"]
    assert (answer["state"], answer["label"], len(answer["dropped"])) == ("no_result", None, 3)
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM proposal").fetchone()[0] == 0


def test_two_jobs_do_not_run_at_once(store: Store, traces: Builder, model: ScriptedModel) -> None:
    refund_run(traces)
    with only_one(store, "triage"):
        done = triage(store)
    assert done.code == 3
    assert "Another triage job runs" in done.err
    assert triage(store).code == 0


def test_a_wrong_key_ends_the_job_with_one_line(store: Store, traces: Builder, model: ScriptedModel) -> None:
    for _ in range(6):
        refund_run(traces)
    model.script = lambda body: Reply(status=401, error="authentication_error")
    done = triage(store, "--parallel", "2")
    assert done.code == 3
    assert "refuses this key" in done.err
    assert len(model.requests) == 2


def test_a_question_that_waits_is_answered_on_its_item(store: Store, traces: Builder, model: ScriptedModel) -> None:
    from retrospan.services.reviewing.asking import request_review

    trace_id = traces.add(says("user", "Hello"), says("assistant", "You have 45 days to return within 30 days."))
    request_review(store, trace_id, "Did the reply promise 45 days?", by="human:Ada")
    model.script = lambda body: reports(claimed("It promises 45 days.", 1, "You have 45 days"))
    done = triage(store, "--json")
    assert [answer["item"] for answer in done.json["traces"]] == ["R1"]
    assert "Did the reply promise 45 days?" in str(model.requests[0]["messages"][0])


def test_a_transcript_imports_and_is_passed_over_by_the_next_triage(
    store: Store, traces: Builder, model: ScriptedModel, tmp_path: Path
) -> None:
    refund_run(traces)
    triage(store)
    exported = run("transcript", "export", "--all", "--store", str(store.location))
    path = tmp_path / "agents.jsonl"
    path.write_text(exported.out)
    assert json.loads(exported.out)["project"] == AGENTS_PROJECT
    taken = run("import", str(path), "--store", str(store.location), "--json")
    assert (taken.json["traces"], taken.json["errors"]) == (1, [])
    shown = run("trace", "show", "T2", "--store", str(store.location), "--json").json
    assert [step["tool"] for step in shown["steps"] if step["kind"] == "tool"] == ["get_trace", "report_findings"]
    assert shown["trace"]["agents"] == ["investigator"]
    assert triage(store, "since:1000d").code == 0
    assert not any(trace_of(body) == "T2" for body in model.requests)
    model.script = lambda body: reports(claimed("It called report_findings.", 3, "I look at the steps"), label="pass")
    named = triage(store, f"project:{AGENTS_PROJECT}", "--json")
    assert [answer["trace"] for answer in named.json["traces"]] == ["T2"]


@pytest.mark.slow
def test_a_job_that_is_killed_pays_nothing_twice(
    store: Store, traces: Builder, model: ScriptedModel, tmp_path: Path
) -> None:
    for _ in range(12):
        refund_run(traces)

    def slowly(body: dict[str, Any]) -> Reply:
        reply = investigates(body)
        return Reply(reply.content, reply.stop_reason, pause_s=0.02)

    model.script = slowly
    command = [sys.executable, "-m", "retrospan.cli", "triage", "--parallel", "2", "--store", str(store.location)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(model.requests) < 9 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    before = Counter((trace_of(body), turn_of(body)) for body in model.requests)
    assert len(before) >= 9
    with store.read() as con:
        paid = con.execute("SELECT sum(requests) FROM agent_task").fetchone()[0]
        kept = con.execute("SELECT count(*) FROM agent_task WHERE state = 'done'").fetchone()[0]
    assert kept >= 1
    done = triage(store, "--resume", "--json")
    assert done.code == 0, done.err
    after = Counter((trace_of(body), turn_of(body)) for body in model.requests)
    assert sum(after.values()) - 24 <= 2, "at most the two requests that were on their way are sent again"
    assert done.json["spent"]["requests"] == 24
    assert paid >= sum(before.values()) - 2
    with store.read() as con:
        assert con.execute("SELECT count(*), count(DISTINCT trace_id) FROM proposal").fetchone()[:] == (12, 12)
