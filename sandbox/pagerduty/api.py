"""The local PagerDuty's REST API, version 2: the paths that a bot needs, with an API key."""

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from sandbox.pagerduty.account_api import AccountPart
from sandbox.pagerduty.incidents_api import IncidentsPart
from sandbox.pagerduty.rest import PagerDutyError, Route, counting
from sandbox.pagerduty.state import PagerDutyState
from sandbox.pagerduty.subscriptions_api import SubscriptionsPart


def build_router(state: PagerDutyState) -> APIRouter:
    """Everything below ``/pagerduty``, and the address that people use for an incident."""
    site = APIRouter(include_in_schema=False)

    @site.get("/pagerduty-web/incidents/{incident}")
    async def browse(incident: str) -> Response:
        return RedirectResponse(f"/#pagerduty/{incident}", 303)

    router = APIRouter(
        prefix="/pagerduty", route_class=Route, include_in_schema=False, dependencies=[Depends(counting(state))]
    )
    IncidentsPart(state).add_to(router)
    AccountPart(state).add_to(router)
    SubscriptionsPart(state).add_to(router)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def unknown(path: str) -> Response:
        raise PagerDutyError(404, 2100, "Not Found")

    site.include_router(router)
    return site
