"""`retrospan reviewer`: whose verdicts count here."""

from __future__ import annotations

import click

from ...model.errors import RefusedError
from ...model.reviews import Reviewer
from ...page.passkeys import hand_over
from ...services.reviewing.people import (
    add_reviewer,
    distrust_reviewer,
    list_reviewers,
    nobody_is_trusted,
    rotate_key,
    unlock_reviewer,
    vouch_for,
)
from ...store.reviews.reviewers import find_record
from ...trust.folders import config_folder
from ...trust.passphrase import read_new_passphrase, read_passphrase, require_terminal
from ..shared.options import json_option, opened, store_option
from ..shared.output import confirmed, print_json, say
from .reviewer_keys import backup_command, lost_command, passkeys_command, restore_command

_EPILOG = """\b
Examples:
  retrospan reviewer add "Ada Lovelace"
  retrospan reviewer list
  retrospan reviewer countersign Grace --as "Ada Lovelace"
  retrospan reviewer rotate "Ada Lovelace"
  retrospan reviewer revoke Grace --compromised
  retrospan reviewer backup Ada ~/safe/ada.key.json
"""


@click.group("reviewer", epilog=_EPILOG)
def reviewer_group() -> None:
    """People who may sign verdicts, lessons and rubrics.

    A verdict counts when its signature was made with a key that is trusted on this machine. The first key is pinned
    in your own configuration, outside every store and repository: the trust root. Whoever comes later is vouched for
    by somebody who is trusted already. A store or a repository that somebody hands you confirms nothing by itself.
    """


@reviewer_group.command("add", epilog=_EPILOG)
@click.argument("name")
@store_option
def add_command(name: str, store_location: str | None) -> None:
    """Make a key for NAME.

    Asks twice for a passphrase on this terminal; it is never taken from a flag, a variable or a pipe. The private half
    of the key is kept encrypted under it. The first reviewer becomes the trust root of this machine.
    """
    require_terminal()
    with opened(store_location, create=True) as store:
        first = nobody_is_trusted()
        if first:
            say("Nobody is trusted on this machine yet, so this key can become its trust root:")
            say(f"it is pinned in {config_folder() / 'trust.json'}, and what it signs counts from then on.")
        passphrase = read_new_passphrase(name)
        pin = first and confirmed(f"Trust the key of {name} on this machine?", default=True)
        reviewer = add_reviewer(store, name, passphrase, pin=pin)
    say(f"{reviewer.name}: {reviewer.fingerprint} ({reviewer.status.value})")
    if pin:
        say("Next: retrospan review")
    else:
        say(f"Its signatures do not count yet. A trusted reviewer runs: retrospan reviewer countersign {name!r}")


@reviewer_group.command("list", epilog=_EPILOG)
@store_option
@json_option
def list_command(store_location: str | None, as_json: bool) -> None:
    """List everybody known here, and how far their key is trusted."""
    with opened(store_location, create=True) as store:
        reviewers = list_reviewers(store)
    if as_json:
        print_json([_json(reviewer) for reviewer in reviewers])
        return
    for reviewer in reviewers:
        voucher = f" by {reviewer.vouched_by}" if reviewer.vouched_by else ""
        say(f"{reviewer.name}  {reviewer.status.value}{voucher}  {reviewer.fingerprint}")
    if not reviewers:
        say("Nobody can sign here yet. Run `retrospan reviewer add NAME`.")


@reviewer_group.command("countersign", epilog=_EPILOG)
@click.argument("name")
@click.option("--as", "voucher", required=True, metavar="NAME", help="The trusted reviewer who vouches.")
@store_option
def countersign_command(name: str, voucher: str, store_location: str | None) -> None:
    """Vouch for NAME: from then on their signatures count wherever yours do."""
    with opened(store_location, create=True) as store:
        record = find_record(store, name)
        say(f"{record.name} has the key {record.fingerprint}. Compare it with what {record.name} reads to you.")
        passphrase = read_passphrase(f"Passphrase of {voucher}, to vouch for it: ")
        session = unlock_reviewer(voucher, passphrase)
        try:
            reviewer = vouch_for(store, session, record.fingerprint)
        finally:
            session.lock()
    say(f"{reviewer.name}: {reviewer.fingerprint} ({reviewer.status.value} by {reviewer.vouched_by})")


@reviewer_group.command("rotate", epilog=_EPILOG)
@click.argument("name")
@store_option
def rotate_command(name: str, store_location: str | None) -> None:
    """Give NAME a new key, vouched for by the old one.

    What the old key signed stays valid; it signs nothing any more. Where the old key may be in other hands, revoke it
    with --compromised instead, and add the reviewer anew.
    """
    require_terminal()
    with opened(store_location, create=True) as store:
        old = read_passphrase(f"Passphrase of the old key of {name}: ")
        session = unlock_reviewer(name, old)
        try:
            reviewer = rotate_key(store, session, read_new_passphrase(name))
            hand_over(session.fingerprint, reviewer.fingerprint)
        finally:
            session.lock()
    say(f"{reviewer.name}: {reviewer.fingerprint} ({reviewer.status.value})")
    say("On other machines the new key counts as soon as they see its record, since the old one vouches for it.")


@reviewer_group.command("revoke", epilog=_EPILOG)
@click.argument("name")
@click.option("--compromised", is_flag=True, help="The key may be in other hands: nothing it ever signed counts.")
@store_option
def revoke_command(name: str, compromised: bool, store_location: str | None) -> None:
    """Believe the key of NAME no longer: nothing signed from now on counts on this machine."""
    require_terminal()
    with opened(store_location, create=True) as store:
        record = find_record(store, name)
        if not confirmed(f"Revoke the key {record.fingerprint} of {record.name}? This cannot be undone."):
            raise RefusedError("Nothing was changed.")
        reviewer = distrust_reviewer(store, record.fingerprint, compromised=compromised)
    say(f"{reviewer.name}: {reviewer.fingerprint} ({reviewer.status.value})")


for _command in (passkeys_command, backup_command, restore_command, lost_command):
    reviewer_group.add_command(_command)


def _json(reviewer: Reviewer) -> dict[str, object]:
    return {
        "name": reviewer.name,
        "fingerprint": reviewer.fingerprint,
        "public_key": reviewer.public_key,
        "status": reviewer.status.value,
        "vouched_by": reviewer.vouched_by,
        "demo": reviewer.demo,
        "created_at": reviewer.created_at,
    }
