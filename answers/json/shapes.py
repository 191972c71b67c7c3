"""Shapes of the JSON that scripts may rely on. Fields may be added, never removed or changed in meaning.

The JSON Schemas in `docs/reference/schemas` are generated from these.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

Kind = Literal["agent", "llm", "tool", "retriever", "embedding", "reranker", "guardrail", "evaluator", "chain", "human"]
StatusWord = Literal["ok", "error", "unset"]
OutcomeWord = Literal["pass", "fail", "unknown"]


class UsageJson(TypedDict):
    """Tokens of model calls; `input_tokens` includes cached tokens."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int


class TraceJson(TypedDict):
    """One trace of `retrospan trace list`."""

    id: str
    external_id: str
    run_id: str | None
    """The id that the application gave the run, where it came beside the trace's."""
    project: str
    task: str | None
    task_declared: bool
    session: str | None
    user: str | None
    status: StatusWord
    outcome: OutcomeWord
    outcome_source: str
    version: str | None
    environment: str | None
    agents: list[str]
    models: list[str]
    tags: list[str]
    steps: int
    revision: int
    started_at: str | None
    duration_ms: float | None
    input: str
    output: str
    usage: UsageJson
    cost_usd: float | None
    signals: list[str]
    modes: list[str]
    verdict: str | None
    metadata: dict[str, Any]


class ErrorJson(TypedDict):
    """What went wrong in a step."""

    type: str | None
    message: str


class DocumentJson(TypedDict):
    """A retrieved passage; the position in the list is its rank."""

    content: str
    id: str | None
    score: float | None
    metadata: Any


class ToolCallJson(TypedDict):
    """A model's request to call a tool."""

    id: str | None
    name: str
    arguments: Any


class MessageJson(TypedDict):
    """One turn of a conversation; fields without content are left out."""

    role: str
    content: str
    tool_calls: NotRequired[list[ToolCallJson]]
    tool_call_id: NotRequired[str]
    name: NotRequired[str]
    reasoning: NotRequired[str]
    is_error: NotRequired[bool]


class StepJson(TypedDict):
    """One step. For a tool step `inputs` are the arguments and `outputs` the result, for an llm step messages."""

    id: str | None
    index: int | None
    span_id: str
    parent: int | None
    kind: Kind
    name: str
    agent: str | None
    tool: str | None
    model: str | None
    status: StatusWord
    error: ErrorJson | None
    inputs: Any
    outputs: Any
    documents: list[DocumentJson]
    usage: UsageJson | None
    started_at: str | None
    duration_ms: float | None
    folded: bool
    fold: NotRequired[Literal["wrapper", "double", "abandoned"]]
    attributes: NotRequired[dict[str, Any]]


class SessionPlaceJson(TypedDict):
    """Where a run stands among the turns of its session, by their short ids in order of time.

    `complete` is false where the session has more turns than the 400 on either side that are listed.
    """

    turn: int
    turns: list[str]
    complete: bool


class TraceDetailJson(TypedDict):
    """The answer of `retrospan trace show`; `conversation` is null where the run is the only turn of its session."""

    trace: TraceJson
    conversation: SessionPlaceJson | None
    steps: list[StepJson]


class EvidenceJson(TypedDict):
    """A quotation that stands in the named step, letter for letter."""

    step: int
    path: str | None
    quote: str


class SignalJson(TypedDict):
    """One notable fact; `step` is null where it is about the whole run."""

    signal: str
    step: int | None
    failure: bool
    reason: str
    evidence: list[EvidenceJson]


class TraceSignalsJson(TypedDict):
    """One trace of `retrospan signals`."""

    trace: str
    external_id: str
    signals: list[SignalJson]


class SuspectJson(TypedDict):
    """One ranked step."""

    step: int
    agent: str | None
    cause: str
    score: float
    reasons: list[str]
    evidence: list[EvidenceJson]


class TraceSuspectsJson(TypedDict):
    """One trace of `retrospan suspects`; ranked also where there is not enough evidence."""

    trace: str
    external_id: str
    enough_evidence: bool
    note: str | None
    siblings: int
    suspects: list[SuspectJson]


class DifferenceJson(TypedDict):
    """One ranked difference of two runs."""

    rank: int
    left: int | None
    right: int | None
    kind: str
    path: str | None
    before: Any
    after: Any


class DiffJson(TypedDict):
    """The answer of `retrospan trace diff`; a side of a pair is null where that run has no such step."""

    left: str
    right: str
    partner_because: str
    pairs: list[list[int | None]]
    first_divergence: list[int | None] | None
    differences: list[DifferenceJson]


class RecordErrorJson(TypedDict):
    """A record that was left out of an import."""

    file: str
    where: str
    what: str


class FindingJson(TypedDict):
    """One way in which runs fail, with an example."""

    signal: str
    traces: int
    of: int
    example: str
    reason: str
    quote: str
    next_command: str


class LeftOutJson(TypedDict):
    """Records or files of one kind of which nothing was made."""

    file: str
    what: str
    count: int


class ImportJson(TypedDict):
    """The answer of `retrospan import`."""

    traces: int
    steps: int
    updated: int
    skipped: int
    redacted: int
    by_shape: dict[str, int]
    """Spans of unknown conventions that were told by the shape of their values, by who recorded them."""
    errors: list[RecordErrorJson]
    left_out: list[LeftOutJson]
    notes: list[str]
    findings: list[FindingJson]


class IntervalJson(TypedDict):
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float


OutcomeRowJson = TypedDict(
    "OutcomeRowJson",
    {
        "value": str | None,
        "runs": int,
        "pass": int,
        "fail": int,
        "unknown": int,
        "pass_rate": IntervalJson | None,
        "example": str,
        "input": str | None,
    },
)
"""How the runs of one task or version ended; `pass_rate` is among those with a known outcome, `example` the newest that
failed, `input` its beginning where no run declares the task."""


class OutcomeCountsJson(TypedDict):
    """The answer of `retrospan trace count`, those that never passed first."""

    by: str
    runs: int
    judged: int
    never_passed: int
    rows: list[OutcomeRowJson]
