"""Experiments: runs of regression cases on a version of an application, as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Which version a run was made on. Runs outside of a comparison are the candidate's."""

    BASE = "base"
    CANDIDATE = "candidate"


class Batch(StrEnum):
    """Which of the planned batches a run belongs to."""

    FIRST = "first"
    CONFIRMING = "confirming"
    """Runs made afresh since the first batch called a case worse."""


class ExperimentKind(StrEnum):
    RUN = "run"
    """Cases were run on one version."""
    VERIFY = "verify"
    """Two versions were compared by a plan."""
    CAUSE = "cause"
    """One step of a run was replaced; the application stayed the same, so its runs prove nothing of a version."""
    LIFT = "lift"
    """One version was compared with itself, a lesson in its context; it proves nothing of any version."""


class ExperimentState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    """Begun and not ended: at work, or killed and to be taken up again."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment; its runs are rows of their own."""

    id: int
    kind: ExperimentKind
    state: ExperimentState
    project: str
    """The folder whose cases were run."""
    base: str | None
    candidate: str
    """What each version was called: a git ref, a command, an address, a search line."""
    plan: str
    """Canonical JSON; empty for runs that nobody planned."""
    plan_hash: str
    created_at: str
    finished_at: str | None = None
    verdict: str | None = None

    @property
    def short_id(self) -> str:
        """`E3`."""
        return f"E{self.id}"


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """What became of one check in one run."""

    check: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunKey:
    """Which run of an experiment: no two have the same."""

    case_id: str
    side: Side
    batch: Batch
    repeat: int
    """From 0 on, within its case, side and batch."""


@dataclass(frozen=True, slots=True)
class TargetPrint:
    """What was run, by hashes: equal prints are the same application, as far as can be seen from outside."""

    version: str
    """As the caller named it."""
    target_hash: str
    commit_sha: str | None = None
    dirty_hash: str | None = None
    """Of what differs from the commit; None for a clean tree, and where there is no git."""


@dataclass(frozen=True, slots=True)
class RunMeasure:
    """What a run took and which parts it ran with, from its spans where it sent any."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    model: str | None = None
    prompt_fingerprint: str | None = None
    tools_fingerprint: str | None = None
    trace_id: int | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of one case."""

    key: RunKey
    case_hash: str
    outcome: str
    """passed, failed, error, skipped."""
    checks: tuple[CheckRecord, ...]
    error: str | None
    target: TargetPrint
    started_at: str
    duration_ms: float
    attempts: int = 1
    """Tries of the machinery; a retry never replaces a failed check."""
    judge_hash: str | None = None
    measure: RunMeasure = RunMeasure()
    experiment_id: int = 0

    @property
    def decided(self) -> bool:
        """Whether the checks said pass or fail."""
        return self.outcome in ("passed", "failed")


class LiftVerdict(StrEnum):
    """What a lesson does to its own case."""

    HELPS = "helps"
    NO_EFFECT = "no effect"
    NEEDLESS = "not needed"
    """The case passes every run without it."""
    HARMS = "harms"
    UNSURE = "cannot tell"


@dataclass(frozen=True, slots=True)
class Lift:
    """The newest planned comparison of a case with and without a lesson."""

    lesson: str
    experiment: str
    """`E7`."""
    verdict: LiftVerdict
    because: str
    """`0/5 → 5/5`, with what could not be decided."""
    at: str
