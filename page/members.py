"""The page's list of people: who may sign, and for those who may: invitations, lost passphrases and passkeys."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..model.errors import RefusedError, UsageError
from ..model.reviews import Reviewer, ReviewerStatus
from ..services.colleagues.inviting import invite, invite_again, may_invite, waiting_invitations
from ..services.reviewing.people import list_reviewers, vouch_for
from . import passkeys
from .server import ReviewPage, read_form, signed_in
from .signing_in import SignedIn

_STATUS = {
    ReviewerStatus.PINNED: "signs, and lets others in",
    ReviewerStatus.COUNTERSIGNED: "signs",
    ReviewerStatus.DEMO: "signs in this demo store",
    ReviewerStatus.REVOKED: "signs no more",
    ReviewerStatus.UNTRUSTED: "is not vouched for yet: what they sign does not count",
}


def member_routes(page: ReviewPage) -> Sequence[Route]:
    """The list, and what is done from it."""
    return [
        Route("/people", signed_in(_people, page), methods=["GET"]),
        Route("/people/{act:str}", signed_in(_act, page), methods=["POST"]),
    ]


async def _people(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    return await _shown(page, request, who)


async def _shown(
    page: ReviewPage, request: Request, who: SignedIn, *, link: str = "", told: str = "", problem: str | None = None
) -> Response:
    store = page.desk.store
    reviewers = await run_in_threadpool(list_reviewers, store)
    may = await run_in_threadpool(may_invite, store, who.session)
    waiting = await run_in_threadpool(waiting_invitations, store) if may else []
    held = {entry.fingerprint: len(passkeys.list_passkeys(entry.fingerprint)) for entry in reviewers}
    return page.html(
        "people.html",
        409 if problem else 200,
        who=who,
        problem=problem,
        people=[entry for entry in reviewers if entry.status is not ReviewerStatus.REVOKED],
        meaning=_STATUS,
        passkeys=held,
        may=may,
        waiting=waiting,
        link=f"{page.site(request).origin}/invite/{link}" if link else "",
        told=told,
    )


async def _act(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form, act = await read_form(request), request.path_params["act"]
    try:
        link, told = await run_in_threadpool(_done, page, who, act, form.get("name", ""), form.get("key", ""))
    except (RefusedError, UsageError) as err:
        return await _shown(page, request, who, problem=str(err))
    return await _shown(page, request, who, link=link, told=told)


def _done(page: ReviewPage, who: SignedIn, act: str, name: str, key: str) -> tuple[str, str]:
    """Do one thing; the token of a new link, and what to say."""
    store = page.desk.store
    if act == "invite":
        return invite(store, who.session, name), f"Send {name.strip()} this link. It works once, for 7 days."
    known = _known(list_reviewers(store), key)
    if act == "reset":
        told = f"Send {known.name} this link, and stay signed in until they have chosen a new passphrase."
        return invite_again(store, who.session, key), told
    if not may_invite(store, who.session):
        raise RefusedError("Only those whose key is pinned here may do this. Ask whoever invited you.")
    if act == "vouch":
        vouch_for(store, who.session, key)
        return "", f"What {known.name} signs counts from now on."
    if act == "passkeys":
        if known.status is ReviewerStatus.PINNED:
            raise RefusedError(f"Passkeys of {known.name} are removed with `retrospan reviewer passkeys --remove`.")
        return "", f"{passkeys.remove_passkeys(key)} removed. {known.name} signs without one until they add a new one."
    raise UsageError("Nothing of that name is done here. Open the list of people again.")


def _known(reviewers: Sequence[Reviewer], key: str) -> Reviewer:
    found = next((entry for entry in reviewers if entry.fingerprint == key), None)
    if found is None:
        raise UsageError("Nobody here has this key any more. Open the list of people again.")
    return found
