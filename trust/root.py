"""The trust root of a store: whose signatures count, from the user's configuration alone.

A key that only a store or a knowledge folder brings means nothing; see `trust.reviewers` for who is vouched for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..model.reviews import ReviewerStatus
from .config import Revocation, TrustFile
from .keys import fingerprint
from .projects import allowed_project_files


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key whose signatures count."""

    public_key: str
    name: str
    status: ReviewerStatus
    vouched_by: str | None = None
    demo: bool = False
    projects: frozenset[str] | None = None
    """The projects it counts for; None for all."""
    revoked: Revocation | None = None

    def refuses(self, signed_at: str) -> bool:
        """Whether a signature that claims this time is worth nothing, because the key was revoked."""
        return self.revoked is not None and (self.revoked.compromised or signed_at >= self.revoked.revoked_at)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe, for one store: keys by fingerprint."""

    keys: Mapping[str, TrustedKey]
    demo_store: bool = False

    def find(self, name: str, project: str | None = None) -> TrustedKey | None:
        """The trusted key of a fingerprint; None where it is unknown or does not count for `project`."""
        key = self.keys.get(name)
        if key is None or (key.projects is not None and project is not None and project not in key.projects):
            return None
        return key


def trusted_keys(file: TrustFile, *, store_id: str | None, demo_kind: bool, place: str | None = None) -> Trust:
    """The pinned keys for one store, before anyone is vouched for.

    A store is a demo store only where its own mark *and* a demo pin in the configuration say so, and it lies at the
    place that the pin names; then only the demo reviewer counts there. Whoever has the file of another store can change
    its rows, but not where it lies and what is pinned.
    """
    revoked = {entry.fingerprint: entry for entry in file.revoked}
    demo = {
        pin.fingerprint: TrustedKey(pin.public_key, pin.name, ReviewerStatus.DEMO, demo=True)
        for pin in file.pins
        if pin.demo_store is not None and pin.demo_store == store_id and place is not None and pin.demo_place == place
    }
    if demo_kind and demo:
        return Trust(demo, demo_store=True)
    keys: dict[str, TrustedKey] = {}
    for path, content in allowed_project_files(file):
        projects = None if content.project is None else frozenset({content.project})
        for reviewer in content.reviewers:
            key = TrustedKey(
                reviewer.public_key, reviewer.name, ReviewerStatus.PINNED, vouched_by=str(path), projects=projects
            )
            _add(keys, fingerprint(reviewer.public_key), key)
    for pin in file.pins:
        if pin.demo_store is None:
            keys[pin.fingerprint] = TrustedKey(pin.public_key, pin.name, ReviewerStatus.PINNED)
    return Trust({name: replace(key, revoked=revoked.get(name)) for name, key in keys.items()})


def _add(keys: dict[str, TrustedKey], name: str, key: TrustedKey) -> None:
    known = keys.get(name)
    if known is not None:
        wide = known.projects is None or key.projects is None
        key = replace(known, projects=None if wide else (known.projects or frozenset()) | (key.projects or frozenset()))
    keys[name] = key
