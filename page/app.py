"""The page's routes: sign in, see what waits, read one item, answer, see the proposal, sign."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..answers.plain.form import UnfinishedError, asked
from ..ingest.otlp.guard import HostGuard
from ..model.clock import utc_now, utc_text
from ..model.errors import RefusedError, RetrospanError
from ..services.reviewing.shown import what_it_decides, what_it_replaces, who_asked
from ..services.serving.limiting import TooMany
from ..store.contract import Store
from . import passkeys
from .beside import again, beside, comment, leave, mine, not_open, picture, reply, save, skip_many, step
from .desk import Opened
from .lessons import lesson, lessons, passkey, sign
from .members import member_routes
from .server import COOKIE, HEADERS, HERE, ReviewPage, carried_fields, listed, read_form, signed_in
from .signing_in import FrontDoor, SignedIn, same_text


def build_page(
    store: Store,
    door: FrontDoor,
    *,
    hosts: Iterable[str] | None,
    secure: bool = False,
    folder: Path = Path(),
) -> Starlette:
    """The page as an ASGI app.

    Args:
        store: Where the items are.
        door: Who may sign in.
        hosts: Names under which browsers reach it, without port; other Host headers are refused. None takes any.
        secure: Whether browsers reach it over TLS.
        folder: The project, whose queue rules count and whose lessons are kept and taken back; this one by default.
    """
    page = ReviewPage(store, door, secure=secure, folder=folder.resolve())
    routes = [
        Route("/", signed_in(_list, page), methods=["GET"]),
        Route("/sign-in", _sign_in(page), methods=["POST"]),
        Route("/sign-out", signed_in(_sign_out, page), methods=["POST"]),
        Route("/invite/{token}", _invitation(page), methods=["GET", "POST"]),
        Route("/item/{item:int}", signed_in(_item, page), methods=["GET"]),
        Route("/item/{item:int}/{act:str}", signed_in(_back, page), methods=["GET"]),
        Route("/item/{item:int}/answer", signed_in(_answer, page), methods=["POST"]),
        Route("/item/{item:int}/undo", signed_in(_undo, page), methods=["POST"]),
        Route("/item/{item:int}/decides", signed_in(_decides, page), methods=["POST"]),
        Route("/item/{item:int}/skip", signed_in(_skip, page), methods=["POST"]),
        Route("/item/{item:int}/ask", signed_in(_ask, page), methods=["POST"]),
        Route("/item/{item:int}/sign", signed_in(_sign, page), methods=["POST"]),
        Route("/item/{item:int}/save", signed_in(save, page), methods=["POST"]),
        Route("/item/{item:int}/leave", signed_in(leave, page), methods=["POST"]),
        Route("/item/{item:int}/reply", signed_in(reply, page), methods=["POST"]),
        Route("/item/{item:int}/again", signed_in(again, page), methods=["POST"]),
        Route("/item/{item:int}/run/{run:int}/step/{step:int}", signed_in(step, page), methods=["GET"]),
        Route(
            "/item/{item:int}/run/{run:int}/step/{step:int}/picture/{picture:int}",
            signed_in(picture, page),
            methods=["GET"],
        ),
        Route("/skip", signed_in(skip_many, page), methods=["POST"]),
        *member_routes(page),
        Route("/item/{item:int}/comment", signed_in(comment, page), methods=["POST"]),
        Route("/mine", signed_in(mine, page), methods=["GET"]),
        Route("/lessons", signed_in(lessons, page), methods=["GET"]),
        Route("/lesson/{lesson:str}/{act:str}", signed_in(lesson, page), methods=["GET"]),
        Route("/lesson/{lesson:str}/{act:str}/passkey", signed_in(passkey, page), methods=["POST"]),
        Route("/lesson/{lesson:str}/{act:str}/sign", signed_in(sign, page), methods=["POST"]),
        Route("/item/{item:int}/passkey", signed_in(_passkey_question, page), methods=["POST"]),
        Route("/passkey/options", signed_in(_passkey_options, page), methods=["POST"]),
        Route("/passkey", signed_in(_passkey_register, page), methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    return Starlette(routes=routes, middleware=[Middleware(HostGuard, hosts=hosts)])


def _sign_in(page: ReviewPage) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = await read_form(request)
        address = request.client.host if request.client else ""
        try:
            cookie = await run_in_threadpool(
                page.door.sign_in, form.get("name", ""), form.get("passphrase", ""), address
            )
        except TooMany as err:
            answer = page.sign_in_page(429, form.get("to", ""), carried_fields(form), str(err))
            answer.headers["Retry-After"] = str(err.wait_seconds)
            return answer
        except RetrospanError as err:
            return page.sign_in_page(403, form.get("to", ""), carried_fields(form), str(err))
        return await run_in_threadpool(page.admitted, cookie, form)

    return endpoint


def _invitation(page: ReviewPage) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        token = request.path_params["token"]
        invitation = page.door.invitation(token)
        if invitation is None:
            problem = "This invitation was used already, or is over. Sign in, or ask for a new one."
            return page.sign_in_page(410, problem=problem)
        if request.method == "GET":
            return page.html("invitation.html", name=invitation.name)
        form = await read_form(request)
        if form.get("passphrase") != form.get("again"):
            problem = "The two passphrases differ. Type the same one twice."
            return page.html("invitation.html", 400, name=invitation.name, problem=problem)
        try:
            cookie = await run_in_threadpool(page.door.accept, token, form.get("passphrase", ""))
        except RetrospanError as err:
            return page.html("invitation.html", 400, name=invitation.name, problem=str(err))
        return page.admitted(cookie)

    return endpoint


async def _list(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    await run_in_threadpool(page.desk.leave, who.session)
    return await listed(page, request, who)


async def _passkey_options(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    who.challenge = secrets.token_bytes(32)
    asked = passkeys.registration(who.session.fingerprint, who.session.name, page.site(request), who.challenge)
    return JSONResponse(asked, headers=HEADERS)


async def _passkey_register(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form = await read_form(request)
    challenge, who.challenge = who.challenge, b""
    site, answer, proof = page.site(request), form.get("passkey", ""), form.get("proof", "")
    passkeys.register(who.session.fingerprint, site, challenge, answer, proof, now=utc_text(utc_now()))
    return RedirectResponse("/", 303, HEADERS)


async def _passkey_question(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    opened = await run_in_threadpool(page.desk.open, request.path_params["item"], who.session)
    challenge = passkeys.challenge_of(seen_mark(opened, who.form_token))
    return JSONResponse(passkeys.question(who.session.fingerprint, page.site(request), challenge), headers=HEADERS)


async def _sign_out(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    page.door.sign_out(request.cookies.get(COOKIE))
    return page.left()


async def _item(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, find = request.path_params["item"], request.query_params.get("find", "").strip()[:200]
    await run_in_threadpool(page.desk.leave, who.session, but=number)
    try:
        opened = await run_in_threadpool(page.desk.open, number, who.session, find)
    except RefusedError as err:
        return await not_open(page, request, who, err)
    return await _shown(page, request, who, opened)


async def _shown(
    page: ReviewPage,
    request: Request,
    who: SignedIn,
    opened: Opened,
    status: int = 200,
    problem: str | None = None,
    field: str = "",
) -> Response:
    item = opened.review.item
    return page.html(
        "item.html",
        status,
        who=who,
        problem=problem,
        problem_field=field,
        signed_item=await run_in_threadpool(page.desk.just_signed, request.query_params.get("signed"), who.session),
        item=item,
        rubric=opened.review.rubric,
        asked=asked(item.question, opened.review.rubric),
        fields=opened.fields,
        kept=opened.kept,
        saved_at=opened.saved_at,
        claim=opened.review.claim,
        asked_by=who_asked(item),
        decides=what_it_decides(item, opened.review.rubric),
        replaces=what_it_replaces(opened.review),
        may_decide=opened.may_decide,
        stories=opened.stories,
        draft=opened.review.draft,
        proposal=opened.proposal,
        passkey=passkeys.has_passkey(who.session.fingerprint),
        seen=seen_mark(opened, who.form_token),
        find=request.query_params.get("find", "").strip()[:200],
        **await beside(page, who, item.id),
    )


def seen_mark(opened: Opened, key: str) -> str:
    """Stands in the form for exactly what the page shows; signing is refused where it does not fit any more."""
    return hmac.new(key.encode(), opened.shown.encode(), hashlib.sha256).hexdigest()


async def _answer(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, form = request.path_params["item"], await read_form(request)
    try:
        await run_in_threadpool(page.desk.answer, number, who.session, form)
    except RefusedError as err:
        return await not_open(page, request, who, err)
    except RetrospanError as err:
        opened = await run_in_threadpool(page.desk.open, number, who.session)
        field = err.field if isinstance(err, UnfinishedError) else ""
        return await _shown(page, request, who, opened, 400, str(err), field)
    return RedirectResponse(f"/item/{number}#answer", 303, HEADERS)


async def _back(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """A reload of what was sent: the item itself."""
    return RedirectResponse(f"/item/{request.path_params['item']}", 303, HEADERS)


async def _undo(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number = request.path_params["item"]
    await run_in_threadpool(page.desk.undo, number, who.session)
    return RedirectResponse(f"/item/{number}#answer", 303, HEADERS)


async def _decides(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, form = request.path_params["item"], await read_form(request)
    await run_in_threadpool(page.desk.decides, number, who.session, form.get("decides") == "yes")
    return RedirectResponse(f"/item/{number}", 303, HEADERS)


async def _skip(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form = await read_form(request)
    await run_in_threadpool(page.desk.skip, request.path_params["item"], who.session, form.get("why", ""))
    return RedirectResponse("/", 303, HEADERS)


async def _ask(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form = await read_form(request)
    await run_in_threadpool(page.desk.ask, request.path_params["item"], who.session, form.get("ask", ""))
    return RedirectResponse("/", 303, HEADERS)


async def _sign(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, form = request.path_params["item"], await read_form(request)
    try:
        opened = await run_in_threadpool(page.desk.open, number, who.session)
    except RefusedError as err:
        return await not_open(page, request, who, err)
    mark = seen_mark(opened, who.form_token)
    if not same_text(form.get("seen", ""), mark):
        problem = "This has changed since you read it. Read it again, then sign."
        return await _shown(page, request, who, opened, 409, problem)
    site = page.site(request)
    if passkeys.has_passkey(who.session.fingerprint):
        try:
            passkeys.check(who.session.fingerprint, site, passkeys.challenge_of(mark), form.get("passkey", ""))
        except RetrospanError as err:
            return await _shown(page, request, who, opened, 403, str(err))
    order = await run_in_threadpool(page.desk.order, who.session)
    after = order.following(number)
    await run_in_threadpool(page.desk.sign, opened, who.session)
    place = f"/item/{after}?signed={number}" if after else f"/?signed={number}"
    return RedirectResponse(place, 303, HEADERS)
