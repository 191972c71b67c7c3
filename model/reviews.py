"""What reviewing is about: rubrics, review items, proposals, answers, verdicts, reviewers, lessons.

A proposal is an agent's or judge's answer; a verdict is a human's, and carries a signature. Nothing here confirms
anything: `SignatureState` is computed from keys and content each time a verdict or file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .findings import CauseClass
from .review_states import ItemState as ItemState
from .review_states import Label as Label
from .review_states import ReviewerStatus as ReviewerStatus
from .review_states import Severity as Severity
from .review_states import SignatureState as SignatureState
from .traces import JsonValue


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of a rubric."""

    id: str
    question: str
    pass_when: str = ""
    fail_when: str = ""
    examples: tuple[str, ...] = ()
    decides: str = ""
    """`outcome`: its answer says how the run ended; empty: it is one fact about the run."""


@dataclass(frozen=True, slots=True)
class RubricRef:
    """One version of a rubric, by content."""

    id: str
    version: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.id} v{self.version}"


@dataclass(frozen=True, slots=True)
class Rubric:
    """A versioned text of what good is."""

    id: str
    version: int
    title: str
    criteria: tuple[Criterion, ...]
    sha256: str
    """Hex digest of the canonical content, signature left out."""
    state: SignatureState = SignatureState.UNSIGNED

    @property
    def ref(self) -> RubricRef:
        return RubricRef(self.id, self.version, self.sha256)


@dataclass(frozen=True, slots=True)
class CitedStep:
    """A quotation that stands in the named step, letter for letter."""

    span_id: str
    quote: str
    step: int | None = None
    """Index in the trace's revision at the time of reading; None where the span is not there any more."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One question about one trace or session against one rubric version. 31 is typed `R31`."""

    id: int
    project: str
    question: str
    rubric: RubricRef
    trace_id: int | None = None
    session: str | None = None
    """The subject where it is a session rather than one trace."""
    focus: tuple[str, ...] = ()
    """Span ids to look at first."""
    reason: str = ""
    """Why it was queued."""
    requested_by: str = ""
    priority: float = 0.0
    """Higher comes first."""
    inclusion_probability: float | None = None
    """Chance with which its rule drew it; None where it was picked by hand."""
    overlap: int = 1
    """How many reviewers answer it."""
    state: ItemState = ItemState.OPEN
    note: str = ""
    """The question back, where the state is `needs_answer`."""
    created_at: str = ""
    queue: str = ""
    """Name of the rule that queued it; empty by hand."""
    due_at: str | None = None
    assigned: tuple[str, ...] = ()
    """Names of the people it is meant for, until it is due; empty for everybody."""
    reopens: int | None = None
    """The item that was answered under an older rubric version, and is asked again."""
    answered: int = 0
    """How many reviewers have signed."""
    claimed: int = 0
    """How many hold a running lease."""
    decides: str = ""
    """Who said that its answer decides the outcome of the run: `human:Ada`; empty where nobody did."""
    altered: str = ""
    """How it differs from what people signed on it; the question is then the signed one. Computed, never kept."""

    @property
    def short_id(self) -> str:
        return f"R{self.id}"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer an item until `lease_until`. Show `token` on submit: an outrun lease has an older one."""

    item_id: int
    slot: int
    reviewer: str
    """Fingerprint of the holder."""
    token: int
    lease_until: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """An agent's or judge's answer. It stays a proposal, whoever agrees with it. 5 is typed `P5`."""

    id: int
    trace_id: int
    label: Label
    explanation: str
    proposed_by: str
    cited: tuple[CitedStep, ...] = ()
    cause: CauseClass | None = None
    item_id: int | None = None
    created_at: str = ""

    @property
    def short_id(self) -> str:
        return f"P{self.id}"


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """The answer to one criterion of a rubric."""

    criterion: str
    label: Label
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer says. The expert fills the first part, the engineer `cause` and `cause_span`."""

    label: Label
    severity: Severity | None = None
    expected: str = ""
    """What the answer should have been."""
    reason: str = ""
    """Why, or the clause it rests on."""
    criteria: tuple[CriterionAnswer, ...] = ()
    cause: CauseClass | None = None
    cause_span: str | None = None
    """Span id of the step where it went wrong."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reviewer's unsigned answer: first, then after seeing the proposal, final."""

    item_id: int
    reviewer: str
    first: Answer
    final: Answer
    revealed: int | None = None
    """Id of the proposal shown after the first answer; None until then."""
    first_at: str = ""

    @property
    def switched(self) -> bool:
        return self.first.label != self.final.label


@dataclass(frozen=True, slots=True)
class SeenTrace:
    """What a reviewer had before them: the content hash of each step by span id, in reading order, at one revision."""

    trace_key: str
    project: str
    revision: int
    steps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A human's signed answer. 12 is typed `V12`; other stores cite `uid`."""

    uid: str
    question: str
    rubric: RubricRef
    seen: tuple[SeenTrace, ...]
    answer: Answer
    first_answer: Answer
    reviewer: str
    """Fingerprint of the signing key."""
    reviewer_name: str
    signed_at: str
    demo: bool = False
    proposal: str | None = None
    """Digest of the proposal shown between first and final answer."""
    supersedes: tuple[str, ...] = ()
    """Uids of the verdicts that this one replaces."""
    outcome: Label | None = None
    """How the run ended, by this answer; None where the question does not decide that."""
    asked_by: str = ""
    """Who asked, as it was shown and signed; empty in records of before."""
    decides: str = ""
    """Who had marked the question as deciding."""
    note: str = ""
    """What stood below the question: what was asked back, and the answer."""
    form: tuple[tuple[str, str], ...] = ()
    """What was answered, in order: id of the criterion and the words of its question."""
    shown: str = ""
    """SHA-256 over all that stood on the screen when it was signed."""
    id: int | None = None
    item_id: int | None = None
    trace_id: int | None = None
    state: SignatureState = SignatureState.UNSIGNED
    state_reason: str = ""
    record: Mapping[str, JsonValue] = field(default_factory=dict)
    """The signed record as it is kept in the store and in `verdicts/*.json`."""

    @property
    def short_id(self) -> str:
        return self.uid if self.id is None else f"V{self.id}"

    @property
    def confirmed(self) -> bool:
        return self.state is SignatureState.VALID

    @property
    def switched(self) -> bool:
        return self.first_answer.label != self.answer.label


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who may sign, by their public key."""

    name: str
    public_key: str
    """Ed25519, 32 bytes in base64."""
    fingerprint: str
    created_at: str = ""
    demo: bool = False
    status: ReviewerStatus = ReviewerStatus.UNTRUSTED
    vouched_by: str | None = None
    """Name of the trusted reviewer who countersigned."""


class LessonStatus(StrEnum):
    """How a lesson stands. A file that claims more than its signature carries is `proposed`."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """When a lesson matters: what is about to change."""

    tools: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def terms(self) -> tuple[str, ...]:
        return (*self.tools, *self.prompts, *self.tasks, *self.modes, *self.files)


@dataclass(frozen=True, slots=True)
class LessonOrigin:
    """Where a lesson comes from; every part cites content that outlives short ids."""

    verdict: str | None = None
    """Uid of the verdict."""
    trace_key: str | None = None
    project: str | None = None
    spans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A finding written as advice, with its origin. `id` is a slug and the name of its file."""

    id: str
    title: str
    what_happened: str
    why: str
    what_to_do: str
    applies_to: AppliesTo = AppliesTo()
    origin: LessonOrigin = LessonOrigin()
    case: str | None = None
    """Id of the regression case that guards it."""
    supersedes: str | None = None
    status: LessonStatus = LessonStatus.PROPOSED
    state: SignatureState = SignatureState.UNSIGNED
    signed_by: str | None = None
    """Name of the trusted reviewer whose signature is valid; None otherwise."""
    proposed_by: str | None = None
    """`agent:claude`, `human:Ada`: who wrote it; who answers for it is `signed_by`."""
    path: str | None = None
    stale_because: str = ""
    """Why a confirmed lesson lost its ground, where it did."""
