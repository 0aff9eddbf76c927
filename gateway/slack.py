"""Slack over HTTP: three doors, for slash commands, interactivity and events. What comes through them is handled as in Socket Mode
(``gateway.slack_intake``).

Slack waits three seconds. A command goes to its ticket's workflow at once; what is not known in two seconds is told later through
the response URL. A retried delivery has the same id, and is taken once by the workflow.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gateway.gateway import Gateway, SlackDoor, gateway_of
from gateway.payloads import parse_form, parse_json
from gateway.problems import Problem, ProblemDocument
from gateway.signatures import slack_is_genuine
from gateway.slack_intake import Kind, taken_in
from gateway.unreadable import keep_aside

router = APIRouter(
    prefix="/slack",
    tags=["Slack"],
    responses={
        401: {"model": ProblemDocument, "description": "The signature is wrong or too old."},
        404: {"model": ProblemDocument, "description": "Slack does not call this gateway by HTTP."},
        413: {"model": ProblemDocument, "description": "The request is too large."},
    },
)


@router.post("/commands", summary="The /tier command", openapi_extra={"x-signed-by": "X-Slack-Signature"})
async def commands(request: Request) -> Response:
    """Answers the person who typed it, and nobody else."""
    gateway, slack, body = await _genuine(request)
    if b"ssl_check=1" in body:
        # Slack looks whether the certificate is good; nobody typed anything.
        return Response()
    return await _taken(gateway, slack, Kind.COMMAND, request, lambda: parse_form(body))


@router.post("/interactive", summary="Buttons and forms", openapi_extra={"x-signed-by": "X-Slack-Signature"})
async def interactive(request: Request) -> Response:
    """Buttons, selects, forms and shortcuts."""
    gateway, slack, body = await _genuine(request)

    def payload() -> dict[str, Any]:
        return parse_json((parse_form(body).get("payload") or "").encode("utf-8", "replace"))

    return await _taken(gateway, slack, Kind.INTERACTION, request, payload)


@router.post("/events", summary="Events", openapi_extra={"x-signed-by": "X-Slack-Signature"})
async def events(request: Request) -> Response:
    """Takes events in, and answers Slack's check of the address."""
    gateway, slack, body = await _genuine(request)
    return await _taken(gateway, slack, Kind.EVENT, request, lambda: parse_json(body))


async def _taken(
    gateway: Gateway, slack: SlackDoor, kind: Kind, request: Request, read: Callable[[], Mapping[str, Any]]
) -> Response:
    body = await request.body()

    def aside(why: str) -> None:
        keep_aside(gateway, "slack", body, request.headers, why)

    answer = await taken_in(gateway, slack, kind, read, aside)
    return Response() if answer is None else JSONResponse(answer)


async def _genuine(request: Request) -> tuple[Gateway, SlackDoor, bytes]:
    gateway = gateway_of(request)
    if gateway.slack is None or gateway.slack.signing_secret is None:
        raise Problem(404, "not-configured", "Slack is not configured here")
    body = await request.body()
    now = gateway.now().timestamp()
    if not slack_is_genuine(gateway.slack.signing_secret, body, request.headers, now=lambda: now):
        gateway.metrics.webhooks.labels("slack", "refused").inc()
        raise Problem(401, "wrong-signature", "The signature is wrong or too old")
    return gateway, gateway.slack, body
