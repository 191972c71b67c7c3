"""Written by `benchmarks/measured.py`: set → signal → (right, findings)."""

from __future__ import annotations

from collections.abc import Mapping

FITTED: frozenset[str] = frozenset(
    {
        "37 further real runs",
        "AgentProcessBench, bad steps",
        "BIG-Bench Mistake arithmetic, first wrong steps",
        "TRAIL, marked steps",
        "example agent (odd seeds), failing runs",
        "field, 26 real runs",
        "tau airline, failing runs",
        "tau retail, failing runs",
    }
)
COUNTS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "field, 26 real runs": {
        "claim_against_work": (1, 1),
        "edit_without_effect": (3, 3),
        "forbidden_change": (1, 1),
        "invented_reference": (1, 1),
        "missed_expectation": (1, 2),
        "partial_answer": (1, 1),
    },
    "37 further real runs": {
        "beyond_request": (1, 1),
        "claim_against_work": (2, 2),
        "claim_without_call": (10, 10),
        "llm_error": (1, 1),
        "miscopied_value": (1, 1),
        "missed_expectation": (6, 6),
        "no_answer": (4, 4),
        "tool_error": (1, 1),
        "unallowed_argument": (1, 1),
        "unfinished": (1, 1),
        "wrong_window": (1, 1),
        "yes_without_deed": (1, 1),
    },
    "tau airline, failing runs": {
        "claimed_action": (2, 2),
        "error_in_result": (2, 2),
        "loop": (2, 2),
        "retry_without_change": (3, 3),
        "unfinished": (1, 1),
        "ungrounded_value": (1, 1),
    },
    "tau retail, failing runs": {
        "error_in_result": (0, 2),
        "loop": (2, 4),
        "unfinished": (4, 4),
        "ungrounded_value": (1, 2),
    },
    "example agent (odd seeds), failing runs": {
        "carried_id": (25, 25),
        "claimed_action": (53, 53),
        "stale_passage": (40, 40),
        "tool_error": (29, 29),
        "ungrounded_value": (19, 19),
    },
    "AgentProcessBench, bad steps": {
        "error_in_result": (0, 1),
        "unfinished": (2, 2),
        "ungrounded_value": (1, 4),
    },
    "TRAIL, marked steps": {
        "error_in_result": (6, 10),
        "llm_error": (1, 1),
        "loop": (4, 5),
        "retry_without_change": (15, 20),
        "tool_error": (17, 25),
        "unfinished": (1, 2),
        "ungrounded_value": (1, 1),
    },
    "FaithBench, unwanted summaries": {
        "ungrounded_value": (39, 50),
    },
    "HaluEval, hallucinated answers": {
        "error_in_result": (0, 1),
        "truncation": (2, 5),
        "wrong_arithmetic": (2, 3),
    },
    "BIG-Bench Mistake arithmetic, first wrong steps": {
        "wrong_arithmetic": (126, 134),
    },
}
