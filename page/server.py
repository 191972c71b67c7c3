"""What every route of the page stands on: its templates and headers, who is signed in, and the texts of a form."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from ..answers.plain.dates import due_words, moment_words
from ..answers.plain.states import LABEL_WORDS, SEVERITY_WORDS, asker_words, counts_words
from ..ingest.otlp.guard import host_name
from ..model.errors import RetrospanError
from ..model.text.bounds import TEXT_LIMIT
from ..model.text.display import safe_text
from ..store.contract import Store
from . import passkeys
from .desk import Desk
from .markup import text_html
from .signing_in import FrontDoor, SignedIn, same_text

HERE = Path(__file__).parent
COOKIE = "retrospan_review"
_BODY_LIMIT = 32 * TEXT_LIMIT
"""Bytes of a form: its texts at their longest, in any script, percent-encoded."""
LISTED = 50
"""Rows of the list on one page."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers send `Origin: null` with forms, which the guard refuses.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_PLACE = re.compile(r"/|/mine|/people|/item/[0-9]{1,15}")
"""Where somebody may be led after signing in."""
_CARRIED = "carried."
_MOST_CARRIED = 80

Handler = Callable[["ReviewPage", Request, SignedIn], Awaitable[Response]]


class ReviewPage:
    """One page server on one store.

    Args:
        store: Where the items are.
        door: Who is signed in.
        secure: Whether browsers reach the page over TLS; the cookie is then never sent without it.
        folder: The project, whose queue rules name who is responsible.
    """

    def __init__(self, store: Store, door: FrontDoor, *, secure: bool, folder: Path = Path()) -> None:
        self.door = door
        self.desk = Desk(store, folder)
        self._secure = secure
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            # Every text from a store passes the render gate, and then the template's escape.
            finalize=lambda value: safe_text(value) if type(value) is str else value,
        )
        self._templates.globals.update(
            text_limit=TEXT_LIMIT,
            words=LABEL_WORDS,
            severities=SEVERITY_WORDS,
            when=moment_words,
            due=due_words,
            asker=asker_words,
            counts=counts_words,
            plain=text_html,
        )

    def html(self, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
        """A page; `problem` and `notice` are shown at its top."""
        values = {"who": None, "problem": None, "notice": None, "signed_item": None} | values
        return HTMLResponse(self._templates.get_template(template).render(values), status, HEADERS)

    def site(self, request: Request) -> passkeys.Site:
        """How this browser reaches the page."""
        host = request.headers.get("host", "")
        return passkeys.Site(host_name(host), f"{'https' if self._secure else 'http'}://{host}")

    def admitted(self, cookie: str, form: Mapping[str, str] | None = None) -> RedirectResponse:
        """To where they were, with the cookie of a new sign-in and what they had typed; else to the list."""
        form = form or {}
        place = place_of(form.get("to", ""))
        carried = carried_fields(form)
        found = self.door.who(cookie)
        if carried and found is not None and place.startswith("/item/"):
            self.desk.save(int(place.rpartition("/")[2]), found.session, carried)
        answer = RedirectResponse(place, 303, HEADERS)
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=self._secure, path="/")
        return answer

    def sign_in_page(
        self, status: int, to: str = "/", carried: Mapping[str, str] | None = None, problem: str | None = None
    ) -> HTMLResponse:
        """The sign-in, which leads back to a place and takes along what was typed there."""
        return self.html("sign_in.html", status, to=place_of(to), carried=carried or {}, problem=problem)

    def left(self) -> RedirectResponse:
        """To the sign-in, without a cookie."""
        answer = RedirectResponse("/", 303, HEADERS)
        answer.delete_cookie(COOKIE, path="/", samesite="strict", secure=self._secure, httponly=True)
        return answer


def signed_in(handler: Handler, page: ReviewPage) -> Callable[[Request], Awaitable[Response]]:
    """A handler behind sign-in; a form must also carry the token of its own session."""

    async def endpoint(request: Request) -> Response:
        who = page.door.who(request.cookies.get(COOKIE))
        if who is None:
            return await _signed_out(page, request)
        if request.method == "POST":
            form = await read_form(request)
            if not same_text(form.get("form_token", ""), who.form_token):
                return PlainTextResponse("This form is not from this page. Open the list again.\n", 403, HEADERS)
        try:
            return await handler(page, request, who)
        except RetrospanError as err:
            return await listed(page, request, who, 409, str(err))

    return endpoint


async def _signed_out(page: ReviewPage, request: Request) -> Response:
    """The sign-in page, in place of what was asked; a form's texts go along in it."""
    place = re.match(r"/item/[0-9]{1,15}", request.url.path)
    to = place[0] if place else request.url.path
    if request.headers.get("accept") == "application/json":
        return JSONResponse({"signed_out": True}, 401, HEADERS)
    if request.method != "POST":
        return page.sign_in_page(200, to)
    form = await read_form(request)
    typed = {name: text for name, text in form.items() if name not in ("form_token", "seen", "passkey")}
    problem = "You had been away for a while and were signed out. What you typed is kept; sign in to go on."
    return page.sign_in_page(401, to, typed, problem if place else None)


async def listed(
    page: ReviewPage, request: Request, who: SignedIn, status: int = 200, problem: str | None = None
) -> Response:
    """The list of what waits, with a notice at its top."""
    queue, begun = request.query_params.get("queue"), request.query_params.get("show") == "begun"
    order = await run_in_threadpool(page.desk.order, who.session)
    items = order.only(queue=queue, begun=begun)
    skip = _number(request.query_params.get("from"))
    rows = await run_in_threadpool(page.desk.rows, who.session, items[skip : skip + LISTED])
    site = page.site(request)
    return page.html(
        "queue.html",
        status,
        who=who,
        problem=problem,
        signed_item=await run_in_threadpool(page.desk.just_signed, request.query_params.get("signed"), who.session),
        rows=rows,
        total=len(items),
        all=len(order.places),
        begun=len(order.only(begun=True)),
        queues=order.by_queue,
        queue=queue,
        show="begun" if begun else "",
        skip=skip,
        listed=LISTED,
        progress=await run_in_threadpool(page.desk.progress, who.session),
        questions=await run_in_threadpool(page.desk.questions, who.session),
        mentions=await run_in_threadpool(page.desk.mentions, who.session),
        offer_passkey=passkeys.may_register(who.session.fingerprint, site),
    )


def place_of(text: str) -> str:
    """A place on this page that somebody may be led to; the list for anything else."""
    return text if _PLACE.fullmatch(text) else "/"


def carried_fields(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed before a sign-in, as it came along through it."""
    found = {name.removeprefix(_CARRIED): text for name, text in form.items() if name.startswith(_CARRIED)}
    return dict(list(found.items())[:_MOST_CARRIED])


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0


async def read_form(request: Request) -> Mapping[str, str]:
    """The texts of a form, read once, within bounds."""
    known: Mapping[str, str] | None = getattr(request.state, "form", None)
    if known is None:
        if int(request.headers.get("content-length") or _BODY_LIMIT + 1) > _BODY_LIMIT:
            known = {}
        else:
            async with request.form(max_files=0, max_fields=256) as form:
                known = {name: value for name, value in form.items() if isinstance(value, str)}
        request.state.form = known
    return known
