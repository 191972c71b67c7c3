"""The page's routes beside the answer itself: saving, leaving, the list's acts, steps as recorded, signed items."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ..answers.plain.dates import moment_words
from ..answers.plain.form import asked, fields_of
from ..answers.plain.pictures import pictures_of
from ..answers.plain.recorded import recorded
from ..answers.plain.states import STATE_WORDS
from ..model.errors import HeldError, RefusedError, RetrospanError, UnknownIdError
from ..model.reviews import ItemState
from ..services.colleagues.comments import comments_on
from ..services.reviewing.asking_back import answer_back
from ..services.reviewing.claiming import ANSWERABLE
from ..services.reviewing.outcomes import review_outcomes
from ..services.reviewing.revising import Looked, SignedReview
from .lessons import STANDING
from .markup import text_html
from .server import HEADERS, ReviewPage, listed, read_form
from .signing_in import SignedIn

_NEAR = 12
"""Rows of the list that stand beside an item, on each side of it."""
_CHUNK = 100_000
"""Characters of a recorded text that are set at once."""
_CHUNKS = 8
"""Such texts on one page."""


async def beside(page: ReviewPage, who: SignedIn, item: int) -> dict[str, Any]:
    """What stands beside an item: its neighbours in the list, and how far everybody is."""
    order = await run_in_threadpool(page.desk.order, who.session)
    ids = [place.id for place in order.places]
    at = ids.index(item) if item in ids else 0
    near = ids[max(at - _NEAR, 0) : at + _NEAR + 1]
    before, after = order.beside(item)
    return {
        "rows": await run_in_threadpool(page.desk.rows, who.session, near),
        "total": len(ids),
        "previous": before,
        "next": after,
        "progress": await run_in_threadpool(page.desk.progress, who.session),
    }


async def not_open(page: ReviewPage, request: Request, who: SignedIn, err: RetrospanError) -> Response:
    """An item that cannot be answered now: the signed answer, who is at it, or why not."""
    number = request.path_params["item"]
    signed = await run_in_threadpool(page.desk.signed, number, who.session)
    if signed is not None:
        fields = fields_of(signed.verdict.answer, signed.item.question, signed.rubric)
        may_change = await run_in_threadpool(page.desk.may_change, signed)
        return await _read(page, request, who, signed, verdict=signed.verdict, fields=fields, may_change=may_change)
    state = (await run_in_threadpool(page.desk.row, number, who.session)).item.state
    if state is ItemState.DECIDED:
        looked = await run_in_threadpool(page.desk.looked_at, number, who.session)
        return await _read(page, request, who, looked, verdict=None, fields={}, may_change=False)
    problem = str(err)
    if isinstance(err, HeldError):
        problem = (
            f"Somebody else is answering this one, until {moment_words(err.until)} or so. Take another meanwhile. "
            "What you have typed is kept, and stands in the form when you come back."
        )
    elif state not in ANSWERABLE:
        problem = f"This question is not asked any more: it {STATE_WORDS[state]}. Take another."
    return await listed(page, request, who, 409, problem)


async def _read(
    page: ReviewPage, request: Request, who: SignedIn, found: SignedReview | Looked, **values: Any
) -> Response:
    """A decided item with all that was recorded, what was answered, and what people say to each other about it."""
    find = request.query_params.get("find", "").strip()[:200]
    return page.html(
        "signed.html",
        who=who,
        item=found.item,
        asked=asked(found.item.question, found.rubric),
        others=found.verdicts if isinstance(found, Looked) else (),
        stories=await run_in_threadpool(page.desk.story, found, find),
        find=find,
        comments=await run_in_threadpool(comments_on, page.desk.store, found.item.id),
        **values,
        **await beside(page, who, found.item.id),
    )


async def comment(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """Words for colleagues beside an item."""
    number, form = request.path_params["item"], await read_form(request)
    await run_in_threadpool(page.desk.comment, number, who.session, form.get("comment", ""))
    return RedirectResponse(f"/item/{number}#comments", 303, HEADERS)


async def save(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """What stands in the form, sent while somebody types or reads; holds the item for 15 minutes more."""
    number, form = request.path_params["item"], await read_form(request)
    try:
        if form.get("typed") == "yes":
            await run_in_threadpool(page.desk.save, number, who.session, form)
        until = await run_in_threadpool(page.desk.stay, number, who.session)
    except HeldError as err:
        told = f"Somebody else is answering this now, until {moment_words(err.until)} or so. Your words are kept."
        return JSONResponse({"problem": told}, 409, HEADERS)
    except RefusedError:
        return JSONResponse({"problem": "This was decided meanwhile. Your words are kept."}, 409, HEADERS)
    except RetrospanError as err:
        return JSONResponse({"problem": str(err)}, 409, HEADERS)
    return JSONResponse({"until": until}, 200, HEADERS)


async def leave(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """The browser goes elsewhere: the item is given back, unless it was opened anew since."""
    form = await read_form(request)
    token = form.get("claim", "")
    await run_in_threadpool(page.desk.leave, who.session, request.path_params["item"], token=token)
    return Response(None, 204, HEADERS)


async def reply(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """An answer to a question that somebody asked back."""
    number, form = request.path_params["item"], await read_form(request)
    by = f"human:{who.session.name}"
    await run_in_threadpool(answer_back, page.desk.store, number, form.get("reply", ""), by=by)
    return RedirectResponse("/#questions", 303, HEADERS)


async def again(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """Begin a new answer in place of the signed one, which counts until the new one is signed; or let it stand."""
    number, form = request.path_params["item"], await read_form(request)
    act = page.desk.stop_again if form.get("stop") == "yes" else page.desk.begin_again
    await run_in_threadpool(act, number, who.session)
    return RedirectResponse(f"/item/{number}#answer", 303, HEADERS)


async def skip_many(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """Several items at once that are not for this reviewer."""
    form = await read_form(request)
    items = [int(name[4:]) for name in form if name.startswith("item") and name[4:].isdigit() and len(name) < 20]
    done, problems = await run_in_threadpool(page.desk.skip_many, items, who.session, form.get("why", ""))
    if problems:
        return await listed(page, request, who, 409, f"{done} left to others. {' '.join(problems)}")
    return RedirectResponse("/", 303, HEADERS)


async def mine(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """What became of this reviewer's answers."""
    report = await run_in_threadpool(review_outcomes, page.desk.store, reviewer=who.session.fingerprint)
    return page.html("mine.html", who=who, report=report, standing=STANDING)


async def picture(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """A picture of a step, as what its own bytes say it is; nothing in it runs or is loaded."""
    number, run, index, place = (request.path_params[name] for name in ("item", "run", "step", "picture"))
    traces = await run_in_threadpool(page.desk.traces, number, who.session)
    found = pictures_of(traces[run].steps[index]) if run < len(traces) and index < len(traces[run].steps) else []
    if place >= len(found):
        raise UnknownIdError("picture", str(place), known=f"{len(found)} here", next_step="Open the item again.")
    headers = HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}
    return Response(found[place].data, 200, headers, media_type=found[place].mime)


async def step(page: ReviewPage, request: Request, who: SignedIn) -> Response:
    """Everything recorded of one step, in pages where it is long."""
    number, run, index = (request.path_params[name] for name in ("item", "run", "step"))
    traces = await run_in_threadpool(page.desk.traces, number, who.session)
    if run >= len(traces) or index >= len(traces[run].steps):
        raise UnknownIdError("step", str(index), known=f"{len(traces)} runs", next_step="Open the item again.")
    found = traces[run].steps[index]
    chunks = [
        (piece.name, text_html(piece.text[start : start + _CHUNK], piece.setting), start)
        for piece in recorded(found)
        for start in range(0, max(len(piece.text), 1), _CHUNK)
    ]
    part = request.query_params.get("part", "")
    at = int(part) if part.isascii() and part.isdigit() and len(part) < 8 else 0
    return page.html(
        "step.html",
        who=who,
        item=number,
        run=run,
        step=found,
        steps=len(traces[run].steps),
        chunks=chunks[at : at + _CHUNKS],
        at=at,
        pictures=len(pictures_of(found)),
        next_part=at + _CHUNKS if at + _CHUNKS < len(chunks) else None,
    )
