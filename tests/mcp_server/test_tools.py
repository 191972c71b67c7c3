"""What the tools answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conversations import Builder, answers, calls, says
from retrospan.model.errors import RetrospanError, UnknownIdError, UsageError
from retrospan.model.text.budget import count_tokens
from retrospan.store.contract import Store

Call = Callable[..., str]


def test_search_shows_best_step_and_snippet(call: Call) -> None:
    text = call("search_traces", query="shipped")
    assert "T3.2 fail" in text
    assert "order R-9 was shipped" in text
    assert 'get_trace(trace="T3.2")' in text


def test_search_counts_by_facet(call: Call) -> None:
    assert "outcome: fail 2, pass 1" in call("search_traces")


def test_an_empty_answer_says_which_part_finds_nothing_and_what_exists(call: Call) -> None:
    text = call("search_traces", query="outcome:fail tool:issue_refunds")
    assert "outcome:fail alone finds 2 of 3 traces" in text
    assert "tool holds:" in text
    assert "issue_refund" in text


def test_an_empty_store_says_so(store: Store) -> None:
    from retrospan.mcp_server.registry import Caller, load_tools, run_tool

    tools = load_tools()
    for name in ("search_traces", "summarize_failures"):
        assert "The store is empty" in run_tool(Caller(store), tools, name, {})


def test_ten_hits_with_long_texts_fit_their_budget(call: Call, runs: Builder) -> None:
    for n in range(30):
        runs.add(
            says("user", f"My parcel {n} is lost, " + "please look for it in the warehouse. " * 40),
            says("assistant", "We are looking for the parcel. " * 30),
            task="a task with a rather long name for a task",
            version=f"2026.11.{n}-with-a-suffix",
        )
    text = call("search_traces", query="parcel")
    assert count_tokens(text) <= 1_200
    assert len(re.findall(r"(?m)^T\d+\.\d+ ", text)) == 10


def test_pages_show_every_hit_once(call: Call, runs: Builder) -> None:
    for n in range(25):
        runs.add(says("user", f"parcel {n}"))
    seen: list[str] = []
    text = call("search_traces", query="parcel", limit=7)
    while True:
        seen += re.findall(r"(?m)^(T\d+)\.", text)
        following = re.search(r'page="([^"]+)", limit=7', text)
        if following is None:
            break
        text = call("search_traces", page=following[1], limit=7)
    assert len(seen) == len(set(seen)) == 25


def test_a_case_has_its_parts_in_the_order_of_reading(call: Call) -> None:
    text = call("open_case", trace="T1")
    parts = ["Case T1 · outcome fail", "asked 0:", "# outline", "# log", "# sources of", "# against T2", "# hypotheses"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert re.search(r"(?m)^1\. true if .+; refuted if .+\.\n   1 decides: get_trace\(", text)


def test_diff_chooses_a_partner_and_ranks_the_write_first(call: Call) -> None:
    text = call("diff_traces", left="T1")
    assert "right T2" in text
    first = text.split("1. ", 1)[1].split("2. ", 1)[0]
    assert "arguments.amount" in first
    assert "94.00" in first
    assert "49.00" in first


def test_failures_are_counted_with_an_example(call: Call) -> None:
    text = call("summarize_failures")
    assert "2 modes in 3 runs" in text
    assert "such as T3." in text
    assert "error_in_result 1" in text
    assert 'search_traces(query="mode:M1")' in text


def test_a_mode_is_shown_and_named(call: Call) -> None:
    call("summarize_failures")
    text = call("summarize_failures", mode="M1")
    assert "typical T1" in text
    assert "Life: opened" in text
    assert call("record_observation", label="pays another amount", mode="M1").startswith("M1: name proposed")
    assert "“pays another amount” (name proposed)" in call("summarize_failures")


def test_an_observation_needs_words_that_stand_in_its_step(call: Call) -> None:
    with pytest.raises(UsageError, match="do not stand in T2"):
        call("record_observation", label="kind", step="T2.5", quote="never said")
    with pytest.raises(UsageError, match="names no step"):
        call("record_observation", label="kind", step="T2", quote="refunded")
    assert "is in M" in call("record_observation", label="says the amount", step="T2.5", quote="49.00", good=True)
    assert "good: “says the amount”" in call("summarize_failures")


def test_a_sample_leaves_out_what_was_observed(call: Call) -> None:
    assert call("summarize_failures", sample=5).startswith("3 of 3 runs")
    call("record_observation", label="says the amount", step="T2.5", quote="49.00", good=True)
    assert "T2 (" not in call("summarize_failures", sample=5)


def test_two_groups_are_compared_with_their_chance(call: Call) -> None:
    text = call("compare_groups", left="outcome:fail", right="outcome:pass")
    assert text.startswith("2 runs against 1.")
    assert "further shares moved no more than chance would" in text


def test_a_review_is_asked_answered_and_listed(call: Call) -> None:
    assert call("request_review", trace="T1", question="Was the amount right?", steps=[3]).startswith(
        "R1 is open on T1"
    )
    assert call("request_review", trace="T1", question="Was the amount right?", steps=[3]).startswith(
        "R1 is open on T1"
    )
    cited = [{"step": "T1.3", "quote": '"94.00"'}]
    call("propose_verdict", subject="R1", label="fail", explanation="Paid 94, owed 49.", cited=cited, cause="arguments")
    assert "R1 T1 open 0/1 answered" in call("list_reviews")
    one = call("list_reviews", item="R1")
    assert "No confirmed verdict yet" in one
    assert "proposal P1 by agent:mcp: fail · Paid 94, owed 49. · cites step 3" in one


def test_the_queue_is_paged_to_its_end(call: Call) -> None:
    for n in range(7):
        call("request_review", trace="T1", question=f"Question {n}?")
    text = call("list_reviews", trace="T1", limit=3)
    seen: list[str] = []
    while True:
        seen += re.findall(r"(?m)^(R\d+) ", text)
        following = re.search(r'list_reviews\(state="open", trace="T1", limit=3, page="([^"]+)"\)', text)
        if following is None:
            break
        text = call("list_reviews", state="open", trace="T1", limit=3, page=following[1])
    assert sorted(seen) == [f"R{n}" for n in range(1, 8)]


def test_a_fail_without_evidence_is_refused(call: Call) -> None:
    with pytest.raises(UsageError, match="cite at least one step"):
        call("propose_verdict", subject="T1", label="fail", explanation="It is wrong.")


def test_a_quote_that_does_not_stand_in_its_step_is_refused(call: Call) -> None:
    with pytest.raises(UsageError, match=r"do not stand in T1\.3"):
        call("propose_verdict", subject="T1", label="fail", explanation="x", cited=[{"step": "3", "quote": "95.00"}])


def test_a_quote_copied_from_an_outline_is_found(call: Call, runs: Builder) -> None:
    trace = runs.add(says("user", "Hello"), says("assistant", "First line\nsecond line " + "word " * 400))
    quote = call("get_trace", trace=f"T{trace}", budget=200).split("1 llm: ", 1)[1].split("\n", 1)[0]
    assert "⏎" in quote
    assert "…+" in quote
    cited = [{"step": "1", "quote": quote}]
    assert "proposed" in call("propose_verdict", subject=f"T{trace}", label="fail", explanation="x", cited=cited)


def test_a_lesson_is_a_draft_until_a_person_signs_it(call: Call) -> None:
    call(
        "propose_lesson",
        title="Pay what was paid",
        what_happened="The refund was larger than the payment.",
        why="The amount was typed anew.",
        what_to_do="Take the amount from get_order.",
        trace="T1.3",
        applies_to=["tool:issue_refund", "file:agent/refunds.py"],
    )
    assert call("search_lessons", query="refund").startswith("No confirmed lesson")
    assert "unconfirmed drafts" in call("search_lessons", changing=["agent/refunds.py"], drafts=True)
    whole = call("search_lessons", lesson="pay-what-was-paid")
    assert whole.startswith("pay-what-was-paid: proposed.")
    assert "Take the amount from get_order." in whole


def test_a_run_is_found_by_its_own_id_whatever_it_holds(call: Call, runs: Builder) -> None:
    runs.add(says("user", "Hello"), says("assistant", "Hi"), id="T.eval/v1.2/5")
    assert call("get_trace", trace="T.eval/v1.2/5").startswith("T4 · ")
    assert call("get_trace", trace="T.eval/v1.2/5", steps="1").startswith("⟦")
    assert call("diff_traces", left="T.eval/v1.2/5", right="T1").startswith("left T4 ")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("get_trace", {"trace": "R1"}),
        ("get_trace", {"trace": "T99"}),
        ("get_trace", {"trace": "../../etc/passwd"}),
        ("open_case", {"trace": "P1"}),
        ("diff_traces", {"left": "T1", "right": "V1"}),
        ("list_reviews", {"item": "T1"}),
        ("list_reviews", {"trace": "R1"}),
        ("propose_verdict", {"subject": "V1", "label": "pass", "explanation": "x"}),
        ("search_lessons", {"lesson": "T1"}),
    ],
)
def test_an_id_of_another_kind_is_refused_with_a_next_step(call: Call, tool: str, arguments: dict[str, str]) -> None:
    with pytest.raises(RetrospanError) as caught:
        call(tool, **arguments)
    assert isinstance(caught.value, UnknownIdError | UsageError)
    assert str(caught.value).count(".") >= 1


def test_every_call_that_an_answer_names_works(call: Call) -> None:
    answers = [
        call("search_traces", query="refund", limit=1),
        call("summarize_failures"),
        call("open_case", trace="T1"),
        call("diff_traces", left="T1"),
        call("get_trace", trace="T1", budget=200),
    ]
    named = [found for text in answers for found in re.findall(r"(\w+)\(((?:\w+=(?:\"[^\"]*\"|\d+)(?:, )?)+)\)", text)]
    assert len(named) >= 6
    for tool, arguments in named:
        given = {
            name: text or int(number) for name, text, number in re.findall(r'(\w+)=(?:"([^"]*)"|(\d+))', arguments)
        }
        assert call(tool, **given)


def test_outcomes_by_task_and_version_come_in_one_call(call: Call) -> None:
    by_task = call("summarize_failures", by="task")
    assert "2 tasks in 3 runs, 3 with a known outcome; 1 never passed." in by_task
    assert by_task.index("“Cancel order R-9 please.”: 0/1 passed [0%–79%]") < by_task.index("refund: 1/2 passed")
    assert "v1: 1/2 passed" in call("summarize_failures", by="version", query="version:v1")


def test_a_good_run_is_hinted_at_only_where_there_is_one(call: Call, traces: Builder) -> None:
    good = call("open_case", trace="T1")
    assert "# against T2 (passed; 1 good runs)" in good
    assert "Neither run" not in call("diff_traces", left="T1")
    assert "Neither run" not in call("diff_traces", left="T2", right="T1")

    for order in ("R-70", "R-71"):
        traces.add(
            says("user", f"Exchange order {order}."),
            calls("exchange_order", "c1", order=order),
            answers('{"error": "no stock"}', "c1"),
            says("assistant", "It is done."),
            task="exchange",
            outcome="fail",
        )
    alone = call("open_case", trace="T4")
    assert "No alike run that went well says anything about its changes" in alone
    assert "# against" not in alone
    told = call("diff_traces", left="T4")
    assert "no comparable run is known to have gone well" in told
    assert "Neither run is known to have gone well" in told
