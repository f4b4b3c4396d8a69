"""HTTP of the demonstration: ask for one, see how far it is, come in. For people who are not signed in yet.

The browser holds the secret token of its opening in a cookie that no script can read;
``opening.jsx`` asks how far it is.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from smsapp.demo.service import NoSuchOpening, Opening, Openings, Phase
from smsapp.i18n.catalogue import reader_language, translate
from smsapp.web.http import let_in
from smsapp.web.origins import is_ours
from smsapp.web.runtime import Runtime, runtime

COOKIE = "smsapp_demo"
LASTS = 900
PAGE = "/demo/opening"

_kept: tuple[Runtime, Openings] | None = None


def openings() -> Openings:
    """The openings of this process."""
    global _kept
    rt = runtime()
    if _kept is None or _kept[0] is not rt:
        _kept = rt, Openings(rt.db, rt.settings)
    return _kept[1]


async def ask(request: Request) -> Response:
    """POST /auth/demo: begin a demonstration and go to the page that shows how far it is."""
    if not _is_ours(request):
        return _foreign(request)
    rt = runtime()
    token = await openings().start(request.client.host if request.client else "", _language(request))
    answer = RedirectResponse(PAGE, 303)
    secure = rt.settings.secure_cookies
    answer.set_cookie(COOKIE, token, max_age=LASTS, path="/", httponly=True, samesite="lax", secure=secure)
    return answer


async def progress(request: Request) -> Response:
    """GET /demo/progress: phase, done, total, and a sentence in the reader's language."""
    language = _language(request)
    try:
        opening = openings().look(request.cookies.get(COOKIE, ""))
    except NoSuchOpening as refusal:
        opening = Opening(Phase.REFUSED, refusal=refusal)
    refusal = opening.refusal
    said = (
        translate(language, refusal.key, **refusal.params)
        if refusal
        else translate(language, opening.step, **({"count": opening.place} if opening.phase is Phase.WAITING else {}))
    )
    found = {"phase": opening.phase.value, "done": opening.done, "total": opening.total, "said": said}
    return JSONResponse(found, headers={"cache-control": "no-store"})


async def enter(request: Request) -> Response:
    """POST /auth/demo/enter: sign in as the person of the demonstration that this browser opened."""
    if not _is_ours(request):
        return _foreign(request)
    try:
        actor = openings().enter(request.cookies.get(COOKIE, ""))
    except NoSuchOpening:
        return RedirectResponse("/login", 303)
    answer = await let_in(request, actor)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _is_ours(request: Request) -> bool:
    return is_ours(request.headers.get("origin", ""), request.headers.get("host", ""), runtime().settings)


def _foreign(request: Request) -> Response:
    return PlainTextResponse(translate(_language(request), "web.foreign_origin"), 403)


def _language(request: Request) -> str:
    return reader_language(request.headers.get("cookie", ""), request.headers.get("accept-language", ""))


ROUTES = [
    Route("/auth/demo", ask, methods=["POST"]),
    Route("/auth/demo/enter", enter, methods=["POST"]),
    Route("/demo/progress", progress, methods=["GET"]),
]

PUBLIC_ROUTES: dict[str, str] = {
    "/auth/demo": "opens a demonstration, which is for people without an account",
    "/auth/demo/enter": "signs in to the demonstration whose secret token comes in the cookie",
    "/demo/progress": "says how far the demonstration of the cookie is, and nothing else",
}
"""The routes that answer people who are not signed in, with the reason."""
