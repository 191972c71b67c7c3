"""What assistants and people write is kept without secrets, whichever face they write through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from commands import run
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.model.clock import utc_now
from retrospan.model.experiments import Batch, CheckRecord, RunKey, RunRecord, Side, TargetPrint
from retrospan.model.reviews import Answer, CriterionAnswer, Label
from retrospan.model.traces import JsonValue
from retrospan.services.modes.observing import record_observation
from retrospan.services.privacy.rescanning import redact_store
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.asking_back import answer_back, ask_back
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.completing import complete_verdict
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.verification.recording import Recorder, begin_runs, conclude
from retrospan.store.contract import Store
from retrospan.store.erasure.words import WORDS
from retrospan.store.findings.modes import set_name
from retrospan.store.jobs.transcripts import insert_transcript
from retrospan.store.reviews.claims import skip_item
from retrospan.store.reviews.typed import save_typed
from retrospan.store.traces.compression import unpack
from reviewdesk import Desk

GITHUB = "ghp_" + "a7B9" * 9
AWS = "AKIA" + "Q3EGRZ7XK2MWPLTN"
SAID = f"see\\n{GITHUB} and password=Tr0ub4dor9"
LEAKS = (GITHUB, AWS, "Tr0ub4dor9")


def everything(store: Store) -> Iterator[str]:
    """Every value of every row, packed ones unpacked."""
    with store.read() as con:
        tables = [row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in con.execute(f"SELECT * FROM {table}"):
                for name in row.keys():  # noqa: SIM118 - a row iterates over its values
                    yield f"{table}.{name}: {_text(row[name])}"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return json.dumps(unpack(value), ensure_ascii=False)
        except Exception:
            return value.decode("latin-1")
    return str(value)


def leaks(store: Store) -> list[str]:
    return [found.split(":")[0] for found in everything(store) if any(secret in found for secret in LEAKS)]


def test_tools_keep_no_secret(desk: Desk) -> None:
    caller, tools = Caller(desk.store), load_tools()
    cited = [{"step": "T1.2", "quote": "45 days"}]
    run_tool(caller, tools, "request_review", {"trace": "T1", "question": SAID, "reason": f"because {AWS}"})
    run_tool(caller, tools, "propose_verdict", {"subject": "T1", "label": "fail", "explanation": SAID, "cited": cited})
    run_tool(caller, tools, "record_observation", {"step": "T1.2", "label": AWS, "quote": "45 days", "note": SAID})
    lesson = {"title": f"Never print {AWS}", "what_happened": SAID, "why": SAID, "what_to_do": SAID}
    run_tool(caller, tools, "propose_lesson", lesson)

    assert not leaks(desk.store)
    text = "\n".join(everything(desk.store))
    assert text.count("⟨GITHUB_TOKEN_1⟩") >= 5 and text.count("⟨AWS_KEY_1⟩") >= 3


def test_what_a_reviewer_writes_is_kept_and_signed_without_secrets(desk: Desk) -> None:
    store, ada = desk.store, desk.reviewer()
    item = request_review(store, "T1", "Was it right?", by="human:Bo")
    opened = open_review(store, item.id, ada.fingerprint)
    criteria = (CriterionAnswer("c", Label.FAIL, SAID),)
    draft = give_answer(store, opened.claim, Answer(Label.FAIL, expected=SAID, reason=SAID, criteria=criteria))
    assert GITHUB not in repr(draft)
    give_answer(store, opened.claim, Answer(Label.FAIL, expected=SAID, reason=f"{SAID} again"))
    verdict = sign_verdict(store, ada, opened)
    complete_verdict(store, ada, verdict.uid, note=SAID)

    assert verdict.confirmed and "⟨GITHUB_TOKEN_1⟩" in verdict.answer.reason
    assert not leaks(store)


def test_questions_back_skips_and_names_keep_no_secret(desk: Desk) -> None:
    store, ada = desk.store, desk.reviewer()
    item = request_review(store, "T2", "Was it right?", by="human:Bo")
    opened = open_review(store, item.id, ada.fingerprint)
    ask_back(store, opened.claim, SAID)
    answer_back(store, f"R{item.id}", SAID, by="human:Bo")
    recorded = record_observation(store, "T1.2", "promised too much", "45 days", by="human:Bo")
    with store.write() as con:
        skip_item(con, item.id, ada.fingerprint, SAID, utc_now())
        set_name(con, int(recorded.mode[1:]), SAID, at="2026-01-01T00:00:00Z", by="human:Bo", proposed=False)
        turn: dict[str, JsonValue] = {"messages": [{"role": "user", "content": SAID}, {"password": "opensesame"}]}
        insert_transcript(con, trace_id=None, key="k", agent="chat", model="m", record=turn, now="2026-01-01")

    assert not leaks(store)
    assert not [found for found in everything(store) if "opensesame" in found]


def test_marks_from_a_shell_keep_no_secret(desk: Desk) -> None:
    done = run("mark", "45 days", "--task", f"task {GITHUB}", "--version", AWS, "--store", desk.store.location)
    assert done.code == 0, done
    assert not leaks(desk.store)


def test_what_stands_in_a_form_keeps_no_secret(desk: Desk) -> None:
    item = request_review(desk.store, "T1", "Was it right?", by="human:Bo")
    with desk.store.write() as con:
        save_typed(con, item.id, "ada", {"reason": SAID, "expected": AWS}, utc_now())
    assert not leaks(desk.store)


def test_what_a_run_of_a_case_said_is_kept_without_secrets(desk: Desk) -> None:
    """Checks quote the output of the application, and an error its last words."""
    key = RunKey("returns", Side.CANDIDATE, Batch.FIRST, 0)
    check = CheckRecord("contains", "failed", f"not in the answer: {SAID}")
    ran = RunRecord(
        key, "h", "failed", (check,), f"exit 1: {SAID}", TargetPrint("v1", "t"), "2026-01-01T00:00:00Z", 1.0
    )
    experiment = begin_runs(desk.store, project="p", version="v1")
    kept = Recorder(desk.store, experiment).keep(ran)
    conclude(desk.store, experiment, report={"examples": [f"it said {AWS}"], "password": "opensesame"})

    assert GITHUB not in repr(kept) and "⟨GITHUB_TOKEN_1⟩" in kept.checks[0].reason
    assert not leaks(desk.store)
    assert not [found for found in everything(desk.store) if "opensesame" in found]


COMMANDS = {
    "observation": ("observe", "T1.2", AWS, "--quote", "45 days", "--note", SAID),
    "name of a mode": ("mode", "rename", "M1", SAID),
    "why a mode is real": ("mode", "confirm", "M1", "--note", SAID),
    "what mended it": ("mode", "fix", "M1", "--note", SAID),
    "question back": ("review", "ask", "R1", SAID, "--by", "human:Bo"),
    "version of a run": ("mark", "45 days", "--version", AWS),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_commands_keep_no_secret(desk: Desk, words: tuple[str, ...]) -> None:
    record_observation(desk.store, "T1.2", "promised too much", "45 days", by="human:Bo")
    request_review(desk.store, "T1", "Was it right?", by="human:Bo")
    done = run(*words, "--store", desk.store.location)
    assert done.code == 0, done
    assert not leaks(desk.store)


def test_a_clients_name_keeps_no_secret(desk: Desk) -> None:
    caller, tools = Caller(desk.store, client=f"bot {GITHUB}"), load_tools()
    run_tool(caller, tools, "request_review", {"trace": "T1", "question": "Was it right?"})
    run_tool(caller, tools, "get_trace", {"trace": "T1"})
    assert not leaks(desk.store)


@pytest.mark.parametrize("dry_run", [True, False])
def test_redact_reaches_drafts_and_names_of_modes(desk: Desk, dry_run: bool) -> None:
    store = desk.store
    record_observation(store, "T1.2", "promised too much", "45 days", by="human:Bo")
    with store.write() as con:
        file = ("", "lesson", "never", "0", f"Do not print {GITHUB}.", "2026-01-01")
        con.execute(
            "INSERT INTO knowledge_file(folder, kind, name, sha256, text, indexed_at) VALUES (?, ?, ?, ?, ?, ?)", file
        )
        con.execute("UPDATE failure_mode SET name = ?, proposed_name = ?", (AWS, SAID))
        con.execute("UPDATE mode_event SET note = ?", (SAID,))
    done = redact_store(store, dry_run=dry_run)

    assert done.words >= 4 and done.traces == 0
    assert bool(leaks(store)) is dry_run
    if not dry_run:
        assert redact_store(store).words == 0


def test_every_table_of_words_is_known_to_redact(store: Store) -> None:
    """A column of text that a later schema adds has to be placed here: by run, beside runs, or as no words at all."""
    by_run = (
        "annotation proposal review_item observation agent_task agent_transcript review_question review_draft "
        "review_skip trace span signal suspect_cache told_steps embedding mode_member occurrence trace_features "
        "redacted_span verdict_subject body step_row call_row message_row document_row rows_of run_attribute"
    )
    signed_or_hashes = (
        "chain verdict completion trust_record rubric_version erasure tombstone access_log token review_invitation"
    )
    no_words = (
        "alembic_version meta setting pull_cursor queue_draw queue_sample review_assignee review_slot review_time "
        "mode_background lesson_vector"
    )
    with store.read() as con:
        tables = {row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    known = {*by_run.split(), *signed_or_hashes.split(), *no_words.split(), *(words.table for words in WORDS)}
    assert {table for table in tables if not table.startswith(("body_text", "sqlite_"))} == known
