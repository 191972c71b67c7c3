"""Rules that fill review queues: `.retrospan/queues.yaml`, pure data, read again at each filling.

    groups:
      compliance: [Ada, Ben]
    queues:
      - name: refunds
        question: Did the reply promise a refund window that no source contains?
        where: project:support tool:issue_refund
        budget: 20
        due: 3d
        route:
          - {tag: vip, to: [Ada]}
          - {to: [compliance]}

A rule decides who is asked what; it confirms nothing, so the file needs no signature.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..model.clock import time_span
from ..model.errors import QueryError, UsageError, did_you_mean
from ..model.query import parse_query
from ..model.text import yamltext
from ..model.text.display import safe_line
from ..trust.files import read_bounded
from .folders import knowledge_root
from .rubrics import SLUG

QUEUES_FILE = "queues.yaml"
_LIMIT = 1 << 17
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MixShares(_Part):
    """How a budget is split; the parts add up to 1."""

    ranked: _Share = 0.6
    """Runs with the strongest signals."""
    diverse: _Share = 0.2
    """Runs of unlike modes, at random within each."""
    random: _Share = 0.2
    """Any run alike. At 0, no rate can be had from the answers."""

    @model_validator(mode="after")
    def _adds_up(self) -> MixShares:
        total = self.ranked + self.diverse + self.random
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares add up to {total:g}, not 1")
        return self


class Route(_Part):
    """Who is meant: the first route whose tag the run has, or that names none."""

    to: tuple[_Name, ...] = Field(min_length=1)
    """Names of reviewers, or of groups."""
    tag: str | None = None
    """A tag of the run, a tool it used, or a signal it shows."""


class QueueRule(_Part):
    """One queue."""

    name: str = Field(pattern=SLUG, max_length=60)
    question: str = Field(min_length=1, max_length=2_000)
    rubric: str | None = Field(default=None, max_length=80)
    """The built-in one where left out; its newest confirmed version."""
    decides: Literal["", "outcome"] = ""
    """`outcome`: the answers decide how the runs ended. Whoever answers is shown that, and signs it."""
    where: str = Field(default="", max_length=2_000)
    """A search line that the runs must fit."""
    signals: tuple[str, ...] = ()
    """Only runs that show one of these; they rank by these alone."""
    modes: tuple[int, ...] = ()
    """Only runs of these failure modes."""
    subject: Literal["trace", "session"] = "trace"
    budget: int = Field(default=20, ge=1, le=5_000)
    """Items a day at most."""
    mix: MixShares = MixShares()
    overlap: int = Field(default=1, ge=1, le=9)
    """How many people answer an item."""
    overlap_share: _Share = 1.0
    """Share of the items, chosen at random, that get the overlap; the others are answered once."""
    priority: float = 0.0
    due: str | None = None
    """`3d`: routing holds until then."""
    settle: str | None = None
    """`10m`: leave runs alone that arrived later than this ago, since more of them may come."""
    route: tuple[Route, ...] = ()

    @field_validator("due", "settle")
    @classmethod
    def _is_span(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                time_span(value)
        except UsageError as err:
            raise ValueError(str(err)) from None
        return value

    @field_validator("where")
    @classmethod
    def _is_query(cls, value: str) -> str:
        try:
            parse_query(value)
        except QueryError as err:
            raise ValueError(str(err)) from None
        return value


class QueueRules(_Part):
    """The whole file."""

    queues: tuple[QueueRule, ...] = Field(min_length=1, max_length=200)
    groups: dict[_Name, tuple[_Name, ...]] = {}

    @model_validator(mode="after")
    def _distinct(self) -> QueueRules:
        names = [rule.name for rule in self.queues]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two queues are named {twice!r}")
        return self

    def people(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names with groups replaced by their members, each once."""
        return tuple(dict.fromkeys(person for name in names for person in self.groups.get(name, (name,))))

    def find(self, name: str) -> QueueRule:
        """The rule of a queue.

        Raises:
            UsageError: naming the nearest.
        """
        for rule in self.queues:
            if rule.name == name:
                return rule
        hint = did_you_mean(name, [rule.name for rule in self.queues])
        raise UsageError(f"No queue {safe_line(name, 60)!r}; {hint}. `retrospan queue rules` shows them.")


DEFAULT_RULES = QueueRules(
    queues=(
        QueueRule(name="default", question="Did the agent do what was asked, and say only what its sources support?"),
    )
)
"""Used where a project has no file."""


def parse_queues(text: str | bytes, *, source: str = QUEUES_FILE) -> QueueRules:
    """The rules in a YAML text.

    Raises:
        BadInputError: one line per mistake, each with its line and key.
    """
    return yamltext.load_model(QueueRules, text, source=source)


def load_queues(folder: Path) -> tuple[QueueRules, Path | None]:
    """The rules of a project and the file they stand in; the default queue and None where it has no file.

    Raises:
        BadInputError: if the file is wrong; names the line.
    """
    path = knowledge_root(folder) / QUEUES_FILE
    if not path.exists():
        return DEFAULT_RULES, None
    return parse_queues(read_bounded(path, _LIMIT), source=str(path)), path
