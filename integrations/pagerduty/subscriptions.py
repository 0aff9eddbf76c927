"""A webhook subscription as PagerDuty describes it."""

from typing import Any

from integrations.pager import WebhookSubscription


def subscription_of(entry: dict[str, Any]) -> WebhookSubscription:
    """What an entry of ``GET /webhook_subscriptions`` says.

    ``active`` is what somebody wants; ``temporarily_disabled`` is PagerDuty's own doing, after refused deliveries.
    """
    method, scope = entry["delivery_method"], entry.get("filter") or {}
    active = entry.get("active") is not False
    return WebhookSubscription(
        id=str(entry["id"]),
        url=str(method["url"]),
        enabled=active and not method.get("temporarily_disabled"),
        switched_off=not active,
        events=tuple(str(event) for event in entry.get("events") or []),
        service=str(scope["id"]) if scope.get("type") == "service_reference" else None,
        team=str(scope["id"]) if scope.get("type") == "team_reference" else None,
    )
