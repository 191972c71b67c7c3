"""Who is trusted follows from the user's configuration, through countersignatures, and from nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from retrospan.model.errors import BadInputError, RefusedError, UsageError
from retrospan.model.reviews import ReviewerStatus
from retrospan.trust.config import load_trust_file, pin_reviewer, revoke_reviewer
from retrospan.trust.folders import config_folder
from retrospan.trust.projects import distrust_folder, trust_folder
from retrospan.trust.reviewers import ReviewerRecord, countersign, make_reviewer, read_reviewer, resolve
from retrospan.trust.session import ReviewSession

NOW = "2026-11-22T11:00:00Z"


def person(name: str) -> tuple[ReviewSession, ReviewerRecord]:
    session = ReviewSession(name, Ed25519PrivateKey.generate())
    return session, make_reviewer(session, now=NOW)


def statuses(*records: ReviewerRecord) -> dict[str, ReviewerStatus]:
    roster = resolve(records, store_id="s", demo_kind=False)
    return {entry.name: entry.status for entry in roster.reviewers}


def test_vouching_carries_on_and_ends_with_the_first_key() -> None:
    (ada, ada_record), (ben, ben_record), (_, cem_record) = person("Ada"), person("Ben"), person("Cem")
    pin_reviewer("Ada", ada.public_key, now=NOW)
    trust = resolve([ada_record], store_id="s", demo_kind=False).trust
    ben_record = countersign(ada, ben_record, trust, now=NOW)
    trust = resolve([ada_record, ben_record], store_id="s", demo_kind=False).trust
    cem_record = countersign(ben, cem_record, trust, now=NOW)

    assert statuses(cem_record, ben_record, ada_record) == {
        "Ada": ReviewerStatus.PINNED,
        "Ben": ReviewerStatus.COUNTERSIGNED,
        "Cem": ReviewerStatus.COUNTERSIGNED,
    }
    assert statuses(cem_record, ada_record)["Cem"] is ReviewerStatus.UNTRUSTED


def test_vouching_of_a_revoked_key_counts_no_more() -> None:
    (ada, ada_record), (_, ben_record) = person("Ada"), person("Ben")
    pin_reviewer("Ada", ada.public_key, now=NOW)
    ben_record = countersign(ada, ben_record, resolve([], store_id="s", demo_kind=False).trust, now=NOW)
    revoke_reviewer(ada.fingerprint, now=NOW, compromised=True)

    assert statuses(ada_record, ben_record) == {"Ada": ReviewerStatus.REVOKED, "Ben": ReviewerStatus.UNTRUSTED}


def test_untrusted_key_cannot_vouch() -> None:
    (mallory, _), (_, ben_record) = person("Mallory"), person("Ben")

    with pytest.raises(RefusedError, match="not trusted here"):
        countersign(mallory, ben_record, resolve([], store_id="s", demo_kind=False).trust, now=NOW)


def test_revoked_key_is_not_pinned_again() -> None:
    ada, _ = person("Ada")
    revoke_reviewer(ada.fingerprint, now=NOW, compromised=False)

    with pytest.raises(UsageError, match="was revoked"):
        pin_reviewer("Ada", ada.public_key, now=NOW)


def test_demo_pin_counts_in_its_store_and_only_there() -> None:
    ada, demo = person("Ada")[0], ReviewSession("Demo", Ed25519PrivateKey.generate(), demo=True)
    pin_reviewer("Ada", ada.public_key, now=NOW)
    pin_reviewer("Demo", demo.public_key, now=NOW, demo_store="d1", demo_place="/demo/store.db")

    def trusted(store_id: str, demo_kind: bool, place: str = "/demo/store.db") -> set[str]:
        return set(resolve([], store_id=store_id, demo_kind=demo_kind, place=place).trust.keys)

    assert trusted("d1", True) == {demo.fingerprint}
    assert trusted("d1", False) == {ada.fingerprint}
    assert trusted("d2", True) == {ada.fingerprint}
    assert trusted("d1", True, "/team/store.db") == {ada.fingerprint}


def test_record_not_signed_by_its_own_key_is_refused() -> None:
    _, record = person("Ada")
    other, _ = person("Mallory")

    for forged in (
        record.model_copy(update={"name": "Grace"}),
        record.model_copy(update={"public_key": other.public_key}),
        record.model_copy(update={"demo": True}),
    ):
        with pytest.raises(BadInputError, match="not signed by its own key"):
            read_reviewer(forged.model_dump_json())


def test_trust_file_is_readable_by_its_owner_only() -> None:
    pin_reviewer("Ada", person("Ada")[0].public_key, now=NOW)

    path = config_folder() / "trust.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_permission_for_a_project_file_can_be_taken_back(tmp_path: Path) -> None:
    ada, _ = person("Ada")
    reviewers = f'[{{ name = "Ada", public_key = "{ada.public_key}" }}]'
    (tmp_path / "retrospan.toml").write_text(f'[tool.retrospan]\nproject = "support"\nreviewers = {reviewers}\n')

    trust_folder(tmp_path, now=NOW)
    trust = resolve([], store_id="s", demo_kind=False).trust
    assert trust.find(ada.fingerprint, "support") is not None
    assert trust.find(ada.fingerprint, "billing") is None

    distrust_folder(tmp_path)
    assert resolve([], store_id="s", demo_kind=False).trust.keys == {}


@pytest.mark.parametrize(
    "text", ["[tool", "[tool.retrospan]\nreviewers = 3", '[tool.retrospan]\nreviewers = [{name="a", public_key="b"}]']
)
def test_broken_project_file_is_told_and_not_allowed(tmp_path: Path, text: str) -> None:
    (tmp_path / "retrospan.toml").write_text(text)

    with pytest.raises(BadInputError):
        trust_folder(tmp_path, now=NOW)
    assert load_trust_file().allowed == []


def test_file_that_changed_since_it_was_shown_is_not_allowed(tmp_path: Path) -> None:
    (tmp_path / "retrospan.toml").write_text("[tool.retrospan]\n")

    with pytest.raises(BadInputError, match="changed since it was shown"):
        trust_folder(tmp_path, now=NOW, shown=b"[tool]\n")
    assert load_trust_file().allowed == []


def test_configuration_inside_a_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    monkeypatch.setenv("RETROSPAN_CONFIG_DIR", str(tmp_path / "clone" / "settings"))

    with pytest.raises(RefusedError, match="lies in a project"):
        load_trust_file()
