"""Templates to HTML, and the headers that every page carries."""

from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cloud.web import assets, texts

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_COOKIE_S = 365 * 86_400


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return `template` in the reader's language and theme; a choice in the address is kept."""
    asked, kept = request.query_params, request.cookies
    accepted = request.headers.get("accept-language")
    language = texts.choose(asked.get("lang"), kept.get("lang"), accepted)
    theme = texts.choose_theme(asked.get("theme"), kept.get("theme"))
    html = (
        _environment()
        .get_template(template)
        .render(
            assets=assets.load(),
            texts=texts.dictionary(language),
            language=language,
            theme=theme,
            **values,
        )
    )
    response = HTMLResponse(html, status, HEADERS)
    for name, value in (("lang", language), ("theme", theme)):
        if asked.get(name) == value:
            response.set_cookie(name, value, max_age=_COOKIE_S, samesite="strict")
    return response


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
