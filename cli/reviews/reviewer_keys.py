"""`retrospan reviewer passkeys|backup|restore|lost`: keeping keys, and what to do when one is gone."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.errors import RefusedError
from ...page.passkeys import hand_over, list_passkeys, remove_passkeys
from ...services.reviewing.deciding import require_trusted
from ...services.reviewing.lost_keys import backup_key, replace_lost_key, restore_key
from ...services.reviewing.people import unlock_reviewer
from ...store.contract import Store
from ...store.reviews.reviewers import find_record, load_trust
from ...trust.passphrase import read_new_passphrase, read_passphrase, require_terminal
from ...trust.session import ReviewSession
from ..shared.options import opened, store_option
from ..shared.output import confirmed, say


@click.command(
    "passkeys",
    epilog="\b\nExamples:\n  retrospan reviewer passkeys Ada\n  retrospan reviewer passkeys Ada --remove --as Grace",
)
@click.argument("name")
@click.option("--remove", is_flag=True, help="Forget them, or the one that --key names: the device is lost.")
@click.option("--key", metavar="ID", help="How its id begins.")
@click.option("--as", "administrator", metavar="NAME", help="The trusted reviewer who removes it.")
@store_option
def passkeys_command(
    name: str, remove: bool, key: str | None, administrator: str | None, store_location: str | None
) -> None:
    """List the passkeys of NAME on the review page of this machine, or remove them.

    Removing asks for the passphrase of a trusted reviewer, on this terminal: the page itself removes none, so that
    somebody who has learnt a passphrase cannot get rid of the passkey there.
    """
    with opened(store_location) as store:
        record = find_record(store, name)
        found = list_passkeys(record.fingerprint)
        for entry in found:
            say(f"{entry.id}  {entry.host}  {entry.registered_at}")
        if not found:
            say(f"{record.name} has no passkey here.")
        if not remove or not found:
            return
        session = _administrator(store, administrator or name)
        session.lock()
    say(f"{remove_passkeys(record.fingerprint, key)} removed.")


@click.command("backup", epilog="\b\nExamples:\n  retrospan reviewer backup Ada ~/safe/ada.key.json")
@click.argument("name")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
def backup_command(name: str, path: Path) -> None:
    """Copy the key of NAME to FILE, encrypted as it is; the passphrase is tried first, so that the copy is worth it.

    FILE alone opens nothing: keep the passphrase elsewhere.
    """
    session = unlock_reviewer(name, read_passphrase(f"Passphrase of {name}: "))
    session.lock()
    say(f"The key of {session.name} is in {backup_key(session.name, path)}.")


@click.command("restore", epilog="\b\nExamples:\n  retrospan reviewer restore ~/safe/ada.key.json")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore_command(path: Path) -> None:
    """Bring back a key from FILE, which `reviewer backup` wrote. It has to open with its passphrase."""
    require_terminal()
    name = restore_key(path, read_passphrase("Passphrase of the key: "))
    say(f"The key of {name} is here again.")


@click.command("lost", epilog="\b\nExamples:\n  retrospan reviewer lost Ada --as Grace")
@click.argument("name")
@click.option("--as", "voucher", metavar="NAME", help="The trusted reviewer who vouches for the new key.")
@store_option
def lost_command(name: str, voucher: str | None, store_location: str | None) -> None:
    """NAME has lost the passphrase: make a new key under that name.

    Nobody can open the old key; what it signed stays valid, and it signs nothing any more. The new one counts once a
    trusted reviewer vouches for it. Where NAME was the only one, it is pinned anew, after a question.
    """
    require_terminal()
    with opened(store_location) as store:
        record = find_record(store, name)
        if not confirmed(f"Give {record.name} a new key in the place of {record.fingerprint}?"):
            raise RefusedError("Nothing was changed.")
        session = _administrator(store, voucher) if voucher else None
        try:
            fresh = replace_lost_key(store, record.fingerprint, read_new_passphrase(record.name), session)
            hand_over(record.fingerprint, fresh.fingerprint)
        finally:
            if session is not None:
                session.lock()
    say(f"{fresh.name}: {fresh.fingerprint} ({fresh.status.value})")


def _administrator(store: Store, name: str) -> ReviewSession:
    session = unlock_reviewer(name, read_passphrase(f"Passphrase of {name}: "))
    require_trusted(session, load_trust(store))
    return session
