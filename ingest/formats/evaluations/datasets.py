"""Items of data sets: questions with what is expected, and no run. They are named and counted."""

from __future__ import annotations

from collections.abc import Iterator

from ....model.traces import JsonValue
from ..fields import mapping, sequence
from ..head import Head
from ..records import DATASET_ITEMS, ReadItem, RecordError, Source, json_records

_LISTS = ("examples", "items", "goldens", "data")
_ASKED = frozenset({"input", "inputs", "question", "prompt", "query", "problem", "item", "task", "instruction"})
_EXPECTED = frozenset(
    {
        "expected", "expected_output", "expectedOutput", "expected_answer", "expectedAnswer", "ideal", "target",
        "reference", "reference_answer", "reference_output", "ground_truth", "groundTruth", "golden_answer",
        "expectations",
    }
)  # fmt: skip
_RUN = frozenset(
    {
        "trace_id", "traceId", "span_id", "run_id", "runId", "messages", "actual_output", "actualOutput", "spans",
        "steps", "run_type", "observations", "response", "conversation_id",
    }
)  # fmt: skip


def sniff(head: Head) -> bool:
    """Whether the first record asks and expects, and tells of no run."""
    held = _held(head.first)
    return is_item(mapping(held[0]) if held else head.first)


def _held(value: dict[str, JsonValue]) -> list[JsonValue]:
    return next((found for name in _LISTS if (found := sequence(value.get(name)))), [])


def is_item(value: dict[str, JsonValue]) -> bool:
    """Whether a record is an item of a data set; LangSmith and Phoenix call what is expected `outputs` and `output`."""
    if _RUN & value.keys() or not _ASKED & {name.lower() for name in value}:
        return False
    is_example = "dataset_id" in value or "dataset_example_id" in value
    return bool(_EXPECTED & value.keys()) or (is_example and bool({"outputs", "output"} & value.keys()))


def read(source: Source) -> Iterator[ReadItem]:
    """The count of the items."""
    items = 0
    for record in json_records(source):
        if isinstance(record, RecordError):
            yield record
            continue
        value = mapping(record.value)
        found = sum(is_item(mapping(item)) for item in _held(value) or [value])
        items += found
        if not found:
            yield source.error(record.where, "No item of a data set: it needs a question and what is expected.")
    if items:
        yield source.left_out("data set items", items, DATASET_ITEMS)
