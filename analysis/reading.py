"""A trace as a story: who asked, who decided, what was done and what came back.

Conventions differ in where they put an utterance, a tool call and its result. Here each step gets one role and its own
text, and every tool call meets its result, so that signals and evidence need not know where a trace comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..model.text.jsontext import as_text, scalars
from ..model.traces import Trace
from .acts import Act, acts_of, current_turn
from .effects import Effect, things_of
from .tool_roles import ToolFact
from .values import ValueKind, values_in
from .views import Role, View, bare_agent, own_text, views_of
from .wording import HEDGE

__all__ = ["Act", "Reading", "Role", "View", "bare_agent", "got_over", "mended", "own_text", "owned_up", "read"]

_RECORDS = (ValueKind.ID, ValueKind.EMAIL)


@dataclass(frozen=True)
class Reading:
    """All steps of a trace with their roles, and its acts in order."""

    trace: Trace
    views: tuple[View, ...]
    acts: tuple[Act, ...]
    _by_step: dict[int, View] = field(repr=False)

    def view(self, index: int) -> View:
        return self._by_step[index]

    @cached_property
    def decisions(self) -> tuple[View, ...]:
        return tuple(view for view in self.views if view.role is Role.DECISION)

    @cached_property
    def results(self) -> tuple[View, ...]:
        return tuple(view for view in self.views if view.role is Role.RESULT)

    @cached_property
    def user_turns(self) -> tuple[tuple[int, str], ...]:
        """What people said, with the step that first shows it."""
        return tuple(_user_turns(self.views))

    @cached_property
    def final(self) -> View | None:
        """The last decision that says something to the outside; None where nothing was answered."""
        asking = {act.asked for act in self.acts}
        for view in reversed(self.decisions):
            if view.text.strip() and view.index not in asking:
                return view
        return None

    @cached_property
    def request(self) -> str:
        """The first thing asked of the agent in this run; earlier turns of a conversation are not it."""
        if self.user_turns:
            first = self.user_turns[0][0]
            if self.view(first).role is Role.DECISION:
                asked = [m.content for m in current_turn(self.view(first)) if m.role == "user" and m.content.strip()]
                return asked[0] if asked else self.user_turns[0][1]
            return self.user_turns[0][1]
        return self.trace.summary.input

    @cached_property
    def records(self) -> frozenset[str]:
        """Ids and e-mail addresses that people said or that calls were given: what the run is about."""
        texts = [text for _, text in self.user_turns]
        texts += [as_text(value) for act in self.acts for _, value in scalars(act.arguments)]
        return frozenset(value.normal for text in texts for value in values_in(text) if value.kind in _RECORDS)

    @cached_property
    def worked(self) -> tuple[tuple[int, Act, frozenset[str]], ...]:
        """Calls that worked, each with its place among all calls and, for a change, the ids it was given."""
        return tuple(
            (i, act, _ids(act) if act.effect is Effect.WRITE else frozenset())
            for i, act in enumerate(self.acts)
            if not act.failure and not act.declared_failure
        )

    @cached_property
    def acts_by_asker(self) -> dict[int, list[Act]]:
        found: dict[int, list[Act]] = {}
        for act in self.acts:
            found.setdefault(act.step, []).append(act)
        return found


def read(trace: Trace, tools: Mapping[str, ToolFact] | None = None) -> Reading:
    """The trace with roles and acts. Cost: linear in its text; each text is cut at 200,000 characters.

    Args:
        trace: The run.
        tools: What its tools do, where more is known than name and arguments tell: corrected, declared, seen in use.
    """
    views = views_of(trace)
    return Reading(trace, views, tuple(acts_of(views, tools)), {view.index: view for view in views})


def mended(reading: Reading, failed: Act) -> bool:
    """Did a later call of the same tool make it good: a change on the same record, a look-up also by another tool?"""
    at = next(i for i, act in enumerate(reading.acts) if act is failed)
    wanted = _ids(failed) if failed.effect is Effect.WRITE else frozenset()
    return any(
        i > at and _same_thing(act, failed) and (not wanted or bool(wanted & ids)) for i, act, ids in reading.worked
    )


def _same_thing(act: Act, failed: Act) -> bool:
    both_look = act.effect is Effect.READ and failed.effect is Effect.READ
    return act.tool == failed.tool or (both_look and bool(things_of(act.tool) & things_of(failed.tool)))


def _ids(act: Act) -> frozenset[str]:
    texts = (as_text(item) for _, item in scalars(act.arguments))
    return frozenset(value.normal for text in texts for value in values_in(text) if value.kind is ValueKind.ID)


def owned_up(reading: Reading, step: int) -> bool:
    """Does the final answer, after this step, say that something did not work?"""
    final = reading.final
    return final is not None and final.index > step and bool(HEDGE.search(final.text[:4_000]))


def got_over(reading: Reading, failed: Act) -> str:
    """How the run dealt with a failed call, in words for a reader; empty where it did not."""
    if failed.done is not None and owned_up(reading, failed.done):
        return "and the answer says so"
    return "and a later call worked" if mended(reading, failed) else ""


def _user_turns(views: Sequence[View]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for view in views:
        if view.role is Role.USER:
            texts = [view.text]
        elif view.role is Role.DECISION:
            texts = [message.content for message in view.received if message.role == "user"]
        else:
            texts = []
        for text in texts:
            if text.strip() and text not in seen:
                seen.add(text)
                yield view.index, text
