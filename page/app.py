"""The page's routes: sign in, see what waits, read one item, answer, see the proposal, sign."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..ingest.otlp.guard import HostGuard, host_name
from ..model.clock import utc_now, utc_text
from ..model.errors import RetrospanError
from ..model.text.bounds import TEXT_LIMIT
from ..model.text.display import safe_text
from ..services.reviewing.shown import asked_questions, what_it_decides, who_asked
from ..services.serving.limiting import TooMany
from ..store.contract import Store
from . import passkeys
from .desk import Desk, Opened
from .signing_in import FrontDoor, SignedIn, same_text

_HERE = Path(__file__).parent
_COOKIE = "retrospan_review"
_BODY_LIMIT = 32 * TEXT_LIMIT
"""Bytes of a form: its texts at their longest, in any script, percent-encoded."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers send `Origin: null` with forms, which the guard refuses.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WORDS = {"pass": "all is well", "fail": "something is wrong", "cant_tell": "cannot tell"}

Handler = Callable[["ReviewPage", Request, SignedIn], Awaitable[Response]]


class ReviewPage:
    """One page server on one store.

    Args:
        store: Where the items are.
        door: Who is signed in.
        secure: Whether browsers reach the page over TLS; the cookie is then never sent without it.
    """

    def __init__(self, store: Store, door: FrontDoor, *, secure: bool) -> None:
        self.door = door
        self.desk = Desk(store)
        self._secure = secure
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            # Every text from a store passes the render gate, and then the template's escape.
            finalize=lambda value: safe_text(value) if type(value) is str else value,
        )

    def html(self, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
        """A page; `problem` is shown at its top."""
        values = {"who": None, "problem": None, "words": _WORDS, "text_limit": TEXT_LIMIT} | values
        return HTMLResponse(self._templates.get_template(template).render(values), status, _HEADERS)

    def site(self, request: Request) -> passkeys.Site:
        """How this browser reaches the page."""
        host = request.headers.get("host", "")
        return passkeys.Site(host_name(host), f"{'https' if self._secure else 'http'}://{host}")

    def admitted(self, cookie: str) -> RedirectResponse:
        """To the list, with the cookie of a new sign-in."""
        answer = RedirectResponse("/", 303, _HEADERS)
        answer.set_cookie(_COOKIE, cookie, httponly=True, samesite="strict", secure=self._secure, path="/")
        return answer

    def left(self) -> RedirectResponse:
        """To the sign-in, without a cookie."""
        answer = RedirectResponse("/", 303, _HEADERS)
        answer.delete_cookie(_COOKIE, path="/", samesite="strict", secure=self._secure, httponly=True)
        return answer


def build_page(store: Store, door: FrontDoor, *, hosts: Iterable[str] | None, secure: bool = False) -> Starlette:
    """The page as an ASGI app.

    Args:
        store: Where the items are.
        door: Who may sign in.
        hosts: Names under which browsers reach it, without port; other Host headers are refused. None takes any.
        secure: Whether browsers reach it over TLS.
    """
    page = ReviewPage(store, door, secure=secure)
    routes = [
        Route("/", _signed_in(_list, page), methods=["GET"]),
        Route("/sign-in", _sign_in(page), methods=["POST"]),
        Route("/sign-out", _signed_in(_sign_out, page), methods=["POST"]),
        Route("/invite/{token}", _invitation(page), methods=["GET", "POST"]),
        Route("/item/{item:int}", _signed_in(_item, page), methods=["GET"]),
        Route("/item/{item:int}/answer", _signed_in(_answer, page), methods=["POST"]),
        Route("/item/{item:int}/undo", _signed_in(_undo, page), methods=["POST"]),
        Route("/item/{item:int}/decides", _signed_in(_decides, page), methods=["POST"]),
        Route("/item/{item:int}/skip", _signed_in(_skip, page), methods=["POST"]),
        Route("/item/{item:int}/ask", _signed_in(_ask, page), methods=["POST"]),
        Route("/item/{item:int}/sign", _signed_in(_sign, page), methods=["POST"]),
        Route("/item/{item:int}/passkey", _signed_in(_passkey_question, page), methods=["POST"]),
        Route("/passkey/options", _signed_in(_passkey_options, page), methods=["POST"]),
        Route("/passkey", _signed_in(_passkey_register, page), methods=["POST"]),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]
    return Starlette(routes=routes, middleware=[Middleware(HostGuard, hosts=hosts)])


def _signed_in(handler: Handler, page: ReviewPage) -> Callable[[Request], Awaitable[Response]]:
    """A handler behind sign-in; a form must also carry the token of its own session."""

    async def endpoint(request: Request) -> Response:
        who = page.door.who(request.cookies.get(_COOKIE))
        if who is None:
            return page.html("sign_in.html", 401 if request.method == "POST" else 200)
        if request.method == "POST":
            form = await _form(request)
            if not same_text(form.get("form_token", ""), who.form_token):
                return PlainTextResponse("This form is not from this page. Open the list again.\n", 403, _HEADERS)
        try:
            return await handler(page, request, who)
        except RetrospanError as err:
            items = await run_in_threadpool(page.desk.waiting, who.session)
            decided = await run_in_threadpool(page.desk.decided, who.session)
            return page.html(
                "queue.html", 409, who=who, items=items, decided=decided, offer_passkey=False, problem=str(err)
            )

    return endpoint


async def _form(request: Request) -> Mapping[str, str]:
    """The texts of a form, read once, within bounds."""
    known: Mapping[str, str] | None = getattr(request.state, "form", None)
    if known is None:
        if int(request.headers.get("content-length") or _BODY_LIMIT + 1) > _BODY_LIMIT:
            known = {}
        else:
            async with request.form(max_files=0, max_fields=64) as form:
                known = {name: value for name, value in form.items() if isinstance(value, str)}
        request.state.form = known
    return known


def _sign_in(page: ReviewPage) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = await _form(request)
        address = request.client.host if request.client else ""
        try:
            cookie = await run_in_threadpool(
                page.door.sign_in, form.get("name", ""), form.get("passphrase", ""), address
            )
        except TooMany as err:
            answer = page.html("sign_in.html", 429, problem=str(err))
            answer.headers["Retry-After"] = str(err.wait_seconds)
            return answer
        except RetrospanError as err:
            return page.html("sign_in.html", 403, problem=str(err))
        return page.admitted(cookie)

    return endpoint


def _invitation(page: ReviewPage) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        token = request.path_params["token"]
        invitation = page.door.invitation(token)
        if invitation is None:
            problem = "This invitation was used already, or is over. Sign in, or ask for a new one."
            return page.html("sign_in.html", 410, problem=problem)
        if request.method == "GET":
            return page.html("invitation.html", name=invitation.name)
        form = await _form(request)
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
    items = await run_in_threadpool(page.desk.waiting, who.session)
    decided = await run_in_threadpool(page.desk.decided, who.session)
    site = page.site(request)
    offer = passkeys.may_register(who.session.fingerprint, site)
    return page.html("queue.html", who=who, items=items, decided=decided, offer_passkey=offer)


async def _passkey_options(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    who.challenge = secrets.token_bytes(32)
    asked = passkeys.registration(who.session.fingerprint, who.session.name, page.site(request), who.challenge)
    return JSONResponse(asked, headers=_HEADERS)


async def _passkey_register(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form = await _form(request)
    challenge, who.challenge = who.challenge, b""
    site, answer, proof = page.site(request), form.get("passkey", ""), form.get("proof", "")
    passkeys.register(who.session.fingerprint, site, challenge, answer, proof, now=utc_text(utc_now()))
    return RedirectResponse("/", 303, _HEADERS)


async def _passkey_question(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    opened = await run_in_threadpool(page.desk.open, request.path_params["item"], who.session)
    challenge = passkeys.challenge_of(seen_mark(opened, who.form_token))
    return JSONResponse(passkeys.question(who.session.fingerprint, page.site(request), challenge), headers=_HEADERS)


async def _sign_out(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    page.door.sign_out(request.cookies.get(_COOKIE))
    return page.left()


async def _item(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    opened = await run_in_threadpool(page.desk.open, request.path_params["item"], who.session)
    return _shown(page, request, who, opened)


def _shown(
    page: ReviewPage,
    request: Request,
    who: SignedIn,
    opened: Opened,
    status: int = 200,
    problem: str | None = None,
) -> Response:
    return page.html(
        "item.html",
        status,
        who=who,
        problem=problem,
        item=opened.review.item,
        rubric=opened.review.rubric,
        questions=asked_questions(opened.review.item, opened.review.rubric),
        asked_by=who_asked(opened.review.item),
        decides=what_it_decides(opened.review.item, opened.review.rubric),
        may_decide=opened.may_decide,
        stories=opened.stories,
        first_look=opened.first_look,
        draft=opened.review.draft,
        proposal=opened.proposal,
        passkey=passkeys.has_passkey(who.session.fingerprint),
        seen=seen_mark(opened, who.form_token),
    )


def seen_mark(opened: Opened, key: str) -> str:
    """Stands in the form for exactly what the page shows; signing is refused where it does not fit any more."""
    return hmac.new(key.encode(), opened.shown.encode(), hashlib.sha256).hexdigest()


async def _answer(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, form = request.path_params["item"], await _form(request)
    try:
        await run_in_threadpool(page.desk.answer, number, who.session, form)
    except RetrospanError as err:
        opened = await run_in_threadpool(page.desk.open, number, who.session)
        return _shown(page, request, who, opened, 400, str(err))
    return RedirectResponse(f"/item/{number}", 303, _HEADERS)


async def _undo(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number = request.path_params["item"]
    await run_in_threadpool(page.desk.undo, number, who.session)
    return RedirectResponse(f"/item/{number}", 303, _HEADERS)


async def _decides(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, form = request.path_params["item"], await _form(request)
    await run_in_threadpool(page.desk.decides, number, who.session, form.get("decides") == "yes")
    return RedirectResponse(f"/item/{number}", 303, _HEADERS)


async def _skip(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form = await _form(request)
    await run_in_threadpool(page.desk.skip, request.path_params["item"], who.session, form.get("why", ""))
    return RedirectResponse("/", 303, _HEADERS)


async def _ask(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    form = await _form(request)
    await run_in_threadpool(page.desk.ask, request.path_params["item"], who.session, form.get("ask", ""))
    return RedirectResponse("/", 303, _HEADERS)


async def _sign(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    number, form = request.path_params["item"], await _form(request)
    opened = await run_in_threadpool(page.desk.open, number, who.session)
    mark = seen_mark(opened, who.form_token)
    if not same_text(form.get("seen", ""), mark):
        problem = "This has changed since you read it. Read it again, then sign."
        return _shown(page, request, who, opened, 409, problem)
    site = page.site(request)
    if passkeys.has_passkey(who.session.fingerprint):
        try:
            passkeys.check(who.session.fingerprint, site, passkeys.challenge_of(mark), form.get("passkey", ""))
        except RetrospanError as err:
            return _shown(page, request, who, opened, 403, str(err))
    verdict = await run_in_threadpool(page.desk.sign, opened, who.session)
    waiting = await run_in_threadpool(page.desk.waiting, who.session)
    return page.html(
        "signed.html",
        who=who,
        confirmed=verdict.confirmed,
        reason=verdict.state_reason,
        next_item=waiting[0].id if waiting else None,
    )
