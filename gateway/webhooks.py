"""The doors of Jira, GitHub and PagerDuty: a webhook is a hint or a delivery, and is taken once by an id in what is signed.

What is signed rightly and cannot be read is kept aside and answered 202, since vendors disable a subscription that is refused.
While Temporal is away the answer is 503, so that they try again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, SecretStr

from domain.issue_messages import IssueHint
from domain.issues import Tracker
from domain.messages import Delivery
from domain.paging import ticket_of_page
from domain.reconcile import ReleaseNews
from domain.ticket_references import ReferenceKind, reference
from gateway import github_webhook, jira_webhook, pagerduty_webhook
from gateway.gateway import Gateway, gateway_of
from gateway.pagerduty_webhook import PageNews
from gateway.payloads import Unreadable, signed_id
from gateway.problems import Problem, ProblemDocument
from gateway.signatures import github_is_genuine, jira_is_genuine, pagerduty_is_genuine
from gateway.tickets import DeskUnavailable
from gateway.tracker_news import TrackerNews
from gateway.unreadable import keep_aside
from integrations.errors import IntegrationError, PermanentFailure

logger = logging.getLogger("tierline.gateway")

# PagerDuty waits five seconds in all.
_LOOK_UP_SECONDS = 2.5
_OUR_CREDENTIALS = frozenset({401, 403})


class WebhookAnswer(BaseModel):
    """What became of a delivery."""

    outcome: str = Field(description="taken, ignored or quarantined", examples=["taken"])


router = APIRouter(
    prefix="/webhooks",
    tags=["Webhooks"],
    responses={
        202: {"model": WebhookAnswer, "description": "Taken, ignored or kept aside; do not send it again."},
        401: {"model": ProblemDocument, "description": "The signature is wrong."},
        404: {"model": ProblemDocument, "description": "This vendor is not configured here."},
        413: {"model": ProblemDocument, "description": "The delivery is too large."},
        503: {"model": ProblemDocument, "description": "Temporal cannot be reached: send it again later."},
    },
)

Verify = Callable[[SecretStr, bytes, Mapping[str, str]], bool]


@router.post("/jira", summary="Jira", status_code=202, openapi_extra={"x-signed-by": "X-Hub-Signature"})
async def jira(request: Request) -> Response:
    """Events of issues, comments, versions and releases: the issue's workflow fetches what changed."""
    gateway = gateway_of(request)
    body = await _genuine(request, gateway, "jira", gateway.jira_secret, jira_is_genuine)
    try:
        news = jira_webhook.news_of(body)
    except Unreadable as error:
        return _quarantined(gateway, "jira", body, request, error)
    return await _hinted(gateway, Tracker.JIRA, news, signed_id("jira", body))


@router.post(
    "/github",
    summary="GitHub",
    status_code=202,
    responses={200: {"model": WebhookAnswer, "description": "GitHub's ping: the webhook works."}},
    openapi_extra={"x-signed-by": "X-Hub-Signature-256"},
)
async def github(request: Request) -> Response:
    """Events of issues, comments, versions and releases: the issue's workflow fetches what changed."""
    gateway = gateway_of(request)
    body = await _genuine(request, gateway, "github", gateway.github_secret, github_is_genuine)
    if request.headers.get("x-github-event") == "ping":
        return _answer(gateway, "github", "ignored", status=200)
    try:
        news = github_webhook.news_of(body, request.headers)
    except Unreadable as error:
        return _quarantined(gateway, "github", body, request, error)
    return await _hinted(gateway, Tracker.GITHUB, news, signed_id("github", body))


@router.post("/pagerduty", summary="PagerDuty", status_code=202, openapi_extra={"x-signed-by": "X-PagerDuty-Signature"})
async def pagerduty(request: Request) -> Response:
    """Incident events: told to the ticket whose page it is."""
    gateway = gateway_of(request)
    body = await _genuine(request, gateway, "pagerduty", gateway.pagerduty_secret, pagerduty_is_genuine)
    try:
        news = pagerduty_webhook.news_of(body)
    except Unreadable as error:
        return _quarantined(gateway, "pagerduty", body, request, error)
    key = await _key_of(gateway, news) if news is not None else None
    ticket_id = ticket_of_page(key) if key is not None else None
    if news is None or key is None or ticket_id is None:
        return _answer(gateway, "pagerduty", "ignored")
    delivery = Delivery(id=news.delivery_id, body=news.for_page(key))
    taken = await gateway.desk.deliver(ticket_id, delivery) or await _told_to_others(gateway, key, delivery)
    return _answer(gateway, "pagerduty", "taken" if taken else "ignored")


async def _told_to_others(gateway: Gateway, key: str, delivery: Delivery) -> bool:
    """Tell a page's news to the tickets that it still serves; the one that raised it is closed."""
    tickets = await gateway.desk.find([reference(ReferenceKind.PAGE, key)])
    taken = [await gateway.desk.deliver(ticket_id, delivery) for ticket_id in tickets]
    return any(taken)


async def _genuine(request: Request, gateway: Gateway, vendor: str, secret: SecretStr | None, verify: Verify) -> bytes:
    if secret is None:
        raise Problem(404, "not-configured", "This vendor is not configured here")
    body = await request.body()
    if not verify(secret, body, request.headers):
        gateway.metrics.webhooks.labels(vendor, "refused").inc()
        raise Problem(401, "wrong-signature", "The signature is wrong")
    return body


async def _hinted(gateway: Gateway, tracker: Tracker, news: TrackerNews, delivery_id: str) -> Response:
    """Tell the issues' workflows, and those that wait for a release. By the delivery's id each takes it once."""
    hint = IssueHint(id=delivery_id, updated_at=news.updated_at, alias=news.alias)
    told = [await gateway.desk.hint(tracker, issue, hint) for issue in news.issues]
    if news.released:
        await gateway.desk.released(ReleaseNews(tracker=tracker, project=news.project), delivery_id)
    return _answer(gateway, tracker.value, "taken" if any(told) or news.released else "ignored")


async def _key_of(gateway: Gateway, news: PageNews) -> str | None:
    """The page's key; None for an incident that is none of ours.

    Raises:
        DeskUnavailable: it cannot be looked up now: PagerDuty is to tell it again.
    """
    if news.key is not None:
        gateway.page_keys.keep(news.page_id, news.key)
        return news.key
    if gateway.page_keys.knows(news.page_id):
        return gateway.page_keys.key_of(news.page_id)
    if gateway.pager is None:
        return None
    try:
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            key: str | None = (await asyncio.to_thread(gateway.pager.fetch, news.page_id)).ref.key
    except PermanentFailure as error:
        if error.status in _OUR_CREDENTIALS:
            # It is told again until the key is mended.
            logger.warning("an incident cannot be looked up: %s", error)
            raise DeskUnavailable from error
        key = None
    except (IntegrationError, TimeoutError) as error:
        raise DeskUnavailable from error
    gateway.page_keys.keep(news.page_id, key)
    return key


def _quarantined(gateway: Gateway, vendor: str, body: bytes, request: Request, error: Unreadable) -> Response:
    keep_aside(gateway, vendor, body, request.headers, str(error))
    return JSONResponse(WebhookAnswer(outcome="quarantined").model_dump(), 202)


def _answer(gateway: Gateway, vendor: str, outcome: str, *, status: int = 202) -> Response:
    gateway.metrics.webhooks.labels(vendor, outcome).inc()
    return JSONResponse(WebhookAnswer(outcome=outcome).model_dump(), status)
