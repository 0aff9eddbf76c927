"""The vendor's page behind a signed link: what is asked, by when, and a form for the answer.

It is one self-contained HTML document without scripts. The link is the vendor's only credential, so it is neither logged nor sent on
as a referrer.
"""

import base64
import hashlib
import secrets
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.vendor_case import VendorCase, VendorReply
from gateway.gateway import Gateway, gateway_of
from gateway.payloads import Unreadable, digest, parse_form
from gateway.tickets import DeskUnavailable
from integrations.vendor_portal.links import LinkExpired, LinkInvalid, VendorLink

LONGEST_ANSWER = 20_000
_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (_TEMPLATES / "vendor.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_PAGES = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)

router = APIRouter(prefix="/vendor", include_in_schema=False)


class _Told(Exception):
    """There is no form to show; the response says why."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@router.get("/{token}")
async def show(request: Request, token: str) -> Response:
    """The form."""
    gateway = gateway_of(request)
    try:
        link, case = await _open_case(gateway, token)
    except _Told as told:
        return told.response
    return _form(link, case)


@router.post("/{token}")
async def answer(request: Request, token: str) -> Response:
    """Takes the answer, once however often the button is pressed."""
    gateway = gateway_of(request)
    try:
        link, case = await _open_case(gateway, token)
        fields = parse_form(await request.body())
    except _Told as told:
        return told.response
    except Unreadable:
        return _message(400, "That could not be read", "Please go back and send the form again.")
    text = fields.get("answer", "").replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST_ANSWER:
        error = "Please write an answer." if not text else f"Please write at most {LONGEST_ANSWER} characters."
        return _form(link, case, status=422, error=error, text=text[:LONGEST_ANSWER])
    # The form's own number, so that a second press of the button is the same answer.
    delivery_id = f"vendor/{digest(link.ticket, str(link.case), fields.get('nonce', '')[:100] or text)}"
    reply = VendorReply(id=delivery_id, text=text, solved=fields.get("solved") == "yes")
    try:
        taken = await gateway.desk.vendor_answered(link.ticket, link.case, reply)
    except DeskUnavailable:
        return _unavailable()
    if not taken:
        return _message(410, "This case is closed", _CLOSED)
    return _message(200, "Thank you", "Your answer is with the support team. You can close this page.")


_CLOSED = (
    "The support team needs nothing more from you here. If you think otherwise, answer the e-mail that brought you."
)
_ASK_AGAIN = "Please use the link from the latest e-mail, or answer that e-mail and ask for a new one."


async def _open_case(gateway: Gateway, token: str) -> tuple[VendorLink, VendorCase]:
    try:
        link = gateway.links.read(token)
    except LinkExpired:
        raise _Told(_message(410, "This link has expired", _ASK_AGAIN)) from None
    except LinkInvalid:
        raise _Told(_message(404, "This link is not valid", _ASK_AGAIN)) from None
    try:
        case = await gateway.desk.vendor_case(link.ticket, link.case)
    except DeskUnavailable:
        raise _Told(_unavailable()) from None
    if case is None:
        raise _Told(_message(404, "There is no such case", _ASK_AGAIN))
    if case.answered_at is not None:
        # Also the second press of the button, and a look back later.
        raise _Told(_page("answered.html", 200, title="Thank you", case=case))
    if case.closed is not None:
        raise _Told(_message(410, "This case is closed", _CLOSED))
    return link, case


def _form(
    link: VendorLink, case: VendorCase, *, status: int = 200, error: str | None = None, text: str = ""
) -> Response:
    return _page(
        "case.html",
        status,
        title=f"Case {link.case} of ticket {link.ticket}",
        case=case,
        error=error,
        text=text,
        longest=LONGEST_ANSWER,
        nonce=secrets.token_urlsafe(16),
    )


def _unavailable() -> Response:
    text = "Please send it again in a minute; nothing was stored yet."
    response = _message(503, "Not available right now", text)
    response.headers["Retry-After"] = "60"
    return response


def _message(status: int, title: str, text: str) -> Response:
    return _page("message.html", status, title=title, text=text)


def _page(template: str, status: int, **values: Any) -> Response:
    html = _PAGES.get_template(template).render(style=_STYLE, **values)
    return Response(html.encode("utf-8", "replace"), status, media_type="text/html", headers=_HEADERS)
