"""Webhook subscriptions in the local PagerDuty's REST API: make, change, look at, enable again, try."""

from secrets import token_urlsafe
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import SecretStr

from sandbox.pagerduty import webhooks
from sandbox.pagerduty.account import EVENTS, SERVICES
from sandbox.pagerduty.rest import Json, PagerDutyError, Part, invalid
from sandbox.pagerduty.state import Subscription


class SubscriptionsPart(Part):
    """The paths below ``/webhook_subscriptions``."""

    def add_to(self, router: APIRouter) -> None:
        """Declare the paths."""
        router.get("/webhook_subscriptions")(self.list)
        router.post("/webhook_subscriptions")(self.create)
        router.get("/webhook_subscriptions/{subscription}")(self.read)
        router.put("/webhook_subscriptions/{subscription}")(self.update)
        router.delete("/webhook_subscriptions/{subscription}", status_code=204)(self.delete)
        router.post("/webhook_subscriptions/{subscription}/enable")(self.enable)
        router.post("/webhook_subscriptions/{subscription}/ping", status_code=202)(self.ping)

    def _subscription(self, request: Request, id_: str) -> Subscription:
        self.authenticate(request)
        if id_ not in self.state.subscriptions:
            raise PagerDutyError(404, 2100, "Not Found")
        return self.state.subscriptions[id_]

    async def list(self, request: Request) -> Json:
        """``GET /webhook_subscriptions``."""
        self.authenticate(request)
        known = [self.shapes.subscription(each) for each in self.state.subscriptions.values()]
        return self.page(request, "webhook_subscriptions", known)

    async def create(self, request: Request) -> Json:
        """``POST /webhook_subscriptions``: the answer alone tells the secret that deliveries are signed with."""
        self.authenticate(request)
        wanted = await self.body(request, "webhook_subscription")
        method = wanted.get("delivery_method") if isinstance(wanted, dict) else None
        if not isinstance(method, dict) or not str(method.get("url") or "").startswith(("http://", "https://")):
            raise invalid("Delivery method url is invalid")
        subscription = Subscription(
            id=self.state.next_id("P"),
            description=str(wanted.get("description") or ""),
            secret=SecretStr(token_urlsafe(32)),
            url=str(method["url"]),
            events=_events(wanted.get("events")),
            filter=_filter(wanted.get("filter")),
            custom_headers=tuple((str(h["name"]), str(h["value"])) for h in method.get("custom_headers") or []),
            active=wanted.get("active") is not False,
        )
        self.state.subscriptions[subscription.id] = subscription
        self.state.ledger.record("pagerduty", "webhook_subscription.create", subscription.id)
        return {"webhook_subscription": self.shapes.subscription(subscription, with_secret=True)}

    async def read(self, request: Request, subscription: str) -> Json:
        """``GET /webhook_subscriptions/{id}``."""
        return {"webhook_subscription": self.shapes.subscription(self._subscription(request, subscription))}

    async def update(self, request: Request, subscription: str) -> Json:
        """``PUT /webhook_subscriptions/{id}``: the description, the events, the filter, and whether it is active."""
        found = self._subscription(request, subscription)
        wanted = await self.body(request, "webhook_subscription")
        if not isinstance(wanted, dict):
            raise invalid("Webhook subscription must be an object")
        events = _events(wanted["events"]) if "events" in wanted else found.events
        filter_ = _filter(wanted["filter"]) if "filter" in wanted else found.filter
        found.events, found.filter = events, filter_
        found.description = str(wanted.get("description", found.description))
        found.active = bool(wanted.get("active", found.active))
        return {"webhook_subscription": self.shapes.subscription(found)}

    async def delete(self, request: Request, subscription: str) -> Response:
        """``DELETE /webhook_subscriptions/{id}``: what waits for it is dropped."""
        del self.state.subscriptions[self._subscription(request, subscription).id]
        return Response(status_code=204)

    async def enable(self, request: Request, subscription: str) -> Json:
        """``POST /webhook_subscriptions/{id}/enable``."""
        found = self._subscription(request, subscription)
        webhooks.enable(found)
        self.state.ledger.record("pagerduty", "webhook_subscription.enable", found.id)
        return {"webhook_subscription": self.shapes.subscription(found)}

    async def ping(self, request: Request, subscription: str) -> Response:
        """``POST /webhook_subscriptions/{id}/ping``."""
        webhooks.ping(self.state, self._subscription(request, subscription))
        return Response(status_code=202)


def _events(wanted: Any) -> tuple[str, ...]:
    if not isinstance(wanted, list) or not wanted:
        raise invalid("Events cannot be empty")
    if unknown := [str(event) for event in wanted if event not in EVENTS]:
        raise invalid(f"Events {', '.join(unknown)} are invalid")
    return tuple(wanted)


def _filter(wanted: Any) -> tuple[str, str | None]:
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "account_reference":
        return kind, None
    if kind == "service_reference" and any(service.id == wanted.get("id") for service in SERVICES):
        return kind, str(wanted["id"])
    raise invalid("Filter is invalid")
