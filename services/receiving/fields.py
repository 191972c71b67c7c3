"""A person's mapping of attributes to fields: made, taken back, and applied to what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...model.errors import UsageError, did_you_mean
from ...model.reading.field_names import FIELDS
from ...model.reading.fields import FieldRule
from ...model.text.display import safe_line
from ...store.contract import Store
from ...store.settings.fields import own_field_rules, save_field_rules
from ...store.traces.attributes import count_attributes, stored_traces, traces_with_attribute
from ...store.traces.revisions import reassemble, refresh

Progress = Callable[[int, int], None]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change of the mapping did."""

    rules: tuple[FieldRule, ...]
    """The rules that hold now for this owner."""
    traces: int
    """Stored runs that were read anew."""
    made: tuple[tuple[str, str | None, int], ...] = ()
    """For a new rule: each value met, what the field becomes there (None: nothing), and in how many runs."""


def map_field(
    store: Store,
    attribute: str,
    field: str,
    values: Sequence[tuple[str, str]] = (),
    *,
    project: str | None = None,
    on_progress: Progress | None = None,
) -> Applied:
    """Read an attribute as a field from now on, and in what is stored.

    Args:
        store: Where.
        attribute: Its name; `*` stands for anything.
        field: One of `FIELDS`.
        values: What a value of the attribute means; keys may compare (`>=0.7`) or be `*` for all others.
        project: Only in this project; None for the whole store.
        on_progress: Called while stored runs are read anew.

    Raises:
        UsageError: if the field is unknown, or an outcome would be neither pass nor fail.
    """
    if field not in FIELDS:
        raise UsageError(f"No field {field!r} to map to; {did_you_mean(field, FIELDS)}.")
    if not attribute.strip():
        raise UsageError("The name of the attribute is empty. `retrospan fields` lists what stands there.")
    rule = FieldRule(attribute.strip(), field, tuple(values))
    wrong = [value for _, value in values if field == "outcome" and value not in ("pass", "fail", "unknown")]
    if wrong:
        raise UsageError(f"An outcome is pass or fail, not {wrong[0]!r}. Write --value {values[0][0]}=pass.")
    refresh(store)
    made = _made(store, rule, project)
    if made and field == "outcome" and all(value is None for _, value, _ in made):
        seen = ", ".join(f"{safe_line(found, 30)} ({count})" for found, _, count in made[:_SHOWN])
        raise UsageError(
            f"No value of {attribute!r} says pass or fail (seen: {seen}). "
            f"Say what they mean: --value {safe_line(made[0][0], 30)}=pass --value …=fail."
        )
    kept = [known for known in own_field_rules(store, project or "") if known.attribute != rule.attribute]
    return _apply(store, [*kept, rule], [rule], project, made, on_progress)


def unmap_field(
    store: Store, attribute: str, *, project: str | None = None, on_progress: Progress | None = None
) -> Applied:
    """Forget what a person said of an attribute, also in what is stored.

    Raises:
        UsageError: if it is not mapped.
    """
    rules = own_field_rules(store, project or "")
    gone = [rule for rule in rules if rule.attribute == attribute.strip()]
    if not gone:
        known = did_you_mean(attribute, [rule.attribute for rule in rules])
        raise UsageError(f"{attribute!r} is not mapped; {known}. `retrospan fields` shows what is.")
    return _apply(store, [rule for rule in rules if rule not in gone], gone, project, (), on_progress)


def apply_fields(store: Store, *, project: str | None = None, on_progress: Progress | None = None) -> int:
    """Read all stored runs anew, as after a new Retrospan has learned names; returns how many."""
    ids = stored_traces(store, project)
    reassemble(store, ids, on_progress)
    return len(ids)


def _made(store: Store, rule: FieldRule, project: str | None) -> tuple[tuple[str, str | None, int], ...]:
    counts: Counter[str] = Counter()
    for place in ("", "resource.", "scope.", "metadata."):
        for found in count_attributes(store, project=project, pattern=place + rule.attribute, most=50):
            counts.update(dict(found.values))
    return tuple((value, rule.value_of(value), count) for value, count in counts.most_common())


def _apply(
    store: Store,
    rules: Sequence[FieldRule],
    changed: Sequence[FieldRule],
    project: str | None,
    made: tuple[tuple[str, str | None, int], ...],
    on_progress: Progress | None,
) -> Applied:
    save_field_rules(store, rules, project or "")
    count = _reread(store, [rule.attribute for rule in changed], project, on_progress)
    return Applied(tuple(rules), count, made)


def _reread(store: Store, patterns: Sequence[str], project: str | None, on_progress: Progress | None) -> int:
    ids = sorted({i for pattern in patterns for i in traces_with_attribute(store, pattern, project=project)})
    reassemble(store, ids, on_progress)
    return len(ids)
