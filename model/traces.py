"""The normal form: what every convention and file format becomes, and what every answer is built from.

`Span` is what `ingest` hands in; `Step`, `TraceSummary` and `Trace` are what the store hands out.
A message is a turn of a conversation with a model; a step is a span seen in reading order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from .score_scale import ScoreScale

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"


class StepKind(StrEnum):
    """What a step does; the ten kinds of the normal form."""

    AGENT = "agent"
    LLM = "llm"
    TOOL = "tool"
    RETRIEVER = "retriever"
    EMBEDDING = "embedding"
    RERANKER = "reranker"
    GUARDRAIL = "guardrail"
    EVALUATOR = "evaluator"
    CHAIN = "chain"
    HUMAN = "human"


class Status(StrEnum):
    """The span's own status; OTel code 0 is `unset` and means no complaint."""

    OK = "ok"
    ERROR = "error"
    UNSET = "unset"


class Outcome(StrEnum):
    """Whether the run did its job."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


class OutcomeSource(StrEnum):
    """Who says so, strongest first."""

    VERDICT = "verdict"
    EVALUATION = "evaluation"
    MARK = "mark"
    FIELD = "field"
    FEEDBACK = "feedback"
    NONE = "none"

    @property
    def in_words(self) -> str:
        """A mark is a person's act from a shell, which nobody signed."""
        return "mark, unsigned" if self is OutcomeSource.MARK else self.value


class Fold(StrEnum):
    """Why a span takes no step index of its own."""

    WRAPPER = "wrapper"
    """A pure wrapper: a graph node, a turn, a placeholder."""
    DOUBLE = "double"
    """A second recording of a call that another span holds."""
    ABANDONED = "abandoned"
    """A turn that was taken back: the conversation went on from a point before it."""


@dataclass(frozen=True, slots=True)
class StepError:
    """What went wrong in a span, as the instrumentation tells it."""

    message: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's request to call a tool; `arguments` is an object where the text was JSON."""

    name: str
    arguments: JsonValue = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `content` is the text parts joined by newlines; media parts appear as `[image image/png]`."""

    role: str
    """system, user, assistant or tool."""
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    """In a tool message: the call it answers."""
    name: str | None = None
    """Speaker or tool name, where the convention gives one."""
    reasoning: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A retrieved passage, in the retriever's order."""

    content: str
    id: str | None = None
    score: float | None = None
    metadata: JsonValue = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of model calls. `input_tokens` includes cached tokens."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


class AnnotatorKind(StrEnum):
    """Who judged: OpenInference `annotator_kind`."""

    HUMAN = "HUMAN"
    LLM = "LLM"
    CODE = "CODE"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A judgement that arrived with the data: unsigned evidence, never a verdict."""

    name: str
    label: str | None = None
    score: float | None = None
    explanation: str | None = None
    annotator_kind: AnnotatorKind = AnnotatorKind.CODE
    span_id: str | None = None
    """The span judged; None for the whole trace."""
    source: str | None = None
    low: float | None = None
    """The ends of the scale that the score is on, where the data declares them."""
    high: float | None = None
    is_expectation: bool = False
    """What should have been, written down beforehand; it judges nothing."""
    outcome: Outcome | None = field(default=None, compare=False)
    """What it says of the run as the store understands it; `unknown` where it cannot tell, None before it was asked."""


@dataclass(slots=True)
class Span:
    """One recorded unit of work in normal form, as a convention module hands it in.

    For an llm span the conversation is in `input_messages` and `output_messages`; for every other kind `inputs` and
    `outputs` hold JSON values (a tool's arguments and result). Times are Unix nanoseconds, None where unknown.
    """

    trace_key: str
    """OTel trace id in lower-case hex, or the id of the run that a convention or file declares."""
    span_id: str
    name: str
    kind: StepKind = StepKind.CHAIN
    parent_span_id: str | None = None
    status: Status = Status.UNSET
    error: StepError | None = None
    agent: str | None = None
    tool: str | None = None
    """The called tool's name, for tool and retriever spans."""
    model: str | None = None
    provider: str | None = None
    started_at_ns: int | None = None
    ended_at_ns: int | None = None
    sequence: int = 0
    """Order of arrival within its file or request; breaks ties of time."""
    inputs: JsonValue = None
    outputs: JsonValue = None
    input_messages: tuple[Message, ...] = ()
    output_messages: tuple[Message, ...] = ()
    documents: tuple[Document, ...] = ()
    tool_definitions: JsonValue = None
    usage: Usage | None = None
    cost_usd: float | None = None
    finish_reason: str | None = None
    tool_call_id: str | None = None
    response_id: str | None = None
    """The provider's id of the model response; joins two recordings of one call."""
    session: str | None = None
    user: str | None = None
    version: str | None = None
    environment: str | None = None
    project: str | None = None
    project_by_service: bool = False
    """Nobody named a project, and the name of the service stands for one."""
    task: str | None = None
    tags: tuple[str, ...] = ()
    fold: Fold | None = None
    """Set where the convention alone tells; `store.assembly` finds the rest."""
    convention: str = "unknown"
    attributes: dict[str, JsonValue] = field(default_factory=dict)
    """Every original attribute that the fields above do not hold in full."""


@dataclass(frozen=True, slots=True)
class TraceFacts:
    """What a record says of the whole run, beside its spans. None means: not said."""

    trace_key: str
    project: str | None = None
    task: str | None = None
    outcome: Outcome | None = None
    outcome_source: OutcomeSource = OutcomeSource.FIELD
    version: str | None = None
    session: str | None = None
    user: str | None = None
    environment: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, JsonValue] | None = None
    annotations: tuple[Annotation, ...] = ()
    marked: tuple[str, ...] = ()
    """The fields that a person set by a mark: what is imported or received later does not change them."""


@dataclass(slots=True)
class SpanBatch:
    """What one request or one stretch of a file holds, ready to be committed together."""

    spans: list[Span] = field(default_factory=list)
    facts: list[TraceFacts] = field(default_factory=list)
    scales: dict[str, ScoreScale] = field(default_factory=dict)
    """What a file declares of scores, by their name."""
    span_notes: list[Annotation] = field(default_factory=list)
    """Judgements of spans whose trace the file does not name; whoever knows the store finds it."""
    by_shape: Counter[str] = field(default_factory=Counter)
    """Spans whose names nobody knows and whose values told what they are, by who recorded them."""


@dataclass(frozen=True, slots=True)
class Step:
    """A span in reading order. `index` counts from 0 in the trace's current revision."""

    index: int
    span_id: str
    parent: int | None
    """Index of the nearest ancestor that is itself a step."""
    kind: StepKind
    name: str
    agent: str | None = None
    tool: str | None = None
    model: str | None = None
    status: Status = Status.UNSET
    error: StepError | None = None
    started_at_ns: int | None = None
    duration_ms: float | None = None
    inputs: JsonValue = None
    outputs: JsonValue = None
    input_messages: tuple[Message, ...] = ()
    """The whole conversation as the model saw it; empty for other kinds."""
    new_messages: tuple[Message, ...] = ()
    """The part of `input_messages` that no earlier step of this trace has shown."""
    output_messages: tuple[Message, ...] = ()
    documents: tuple[Document, ...] = ()
    usage: Usage | None = None
    cost_usd: float | None = None
    finish_reason: str | None = None
    tool_call_id: str | None = None
    content_hash: str = ""
    """Hex digest over everything above that a reader sees; what a signature covers."""
    attributes: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One row of a trace list. `id` is the store's short number: 412 is typed `T412`."""

    id: int
    external_id: str
    project: str
    revision: int
    step_count: int
    status: Status = Status.UNSET
    outcome: Outcome = Outcome.UNKNOWN
    outcome_source: OutcomeSource = OutcomeSource.NONE
    task: str | None = None
    task_declared: bool = False
    """False where the task is a fingerprint of the first input and entry point."""
    run_id: str | None = None
    """The id that the application gave the run, where that is not `external_id`."""
    session: str | None = None
    user: str | None = None
    version: str | None = None
    environment: str | None = None
    agents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    started_at_ns: int | None = None
    duration_ms: float | None = None
    input: str = ""
    """First input of the run, as text."""
    output: str = ""
    """Final answer of the run, as text; empty where it gave none."""
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = None
    signals: tuple[str, ...] = ()
    verdict_question: str = ""
    """The signed question that the verdict answers."""
    verdict: str | None = None
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    modes: tuple[str, ...] = ()
    """Short ids of the failure modes that the run belongs to."""

    @property
    def short_id(self) -> str:
        return f"T{self.id}"

    @property
    def own_id(self) -> str | None:
        """What the application or the file calls the run; None where it has only OpenTelemetry's random trace id."""
        random = len(self.external_id) == 32 and all(ch in "0123456789abcdef" for ch in self.external_id)
        return self.run_id or (None if random else self.external_id)


@dataclass(frozen=True, slots=True)
class Trace:
    """One run: its summary and its steps in reading order."""

    summary: TraceSummary
    steps: tuple[Step, ...]
    annotations: tuple[Annotation, ...] = ()
