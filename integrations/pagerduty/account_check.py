"""Tries what Tierline needs of a PagerDuty account, and says what to do about the rest."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.page_rules import PageTarget
from domain.pager_watch import NEEDED_EVENTS, WebhookSubscription, same_address
from domain.paging import OnCall, OnCallGap
from integrations.checks import Check
from integrations.errors import IntegrationError
from integrations.pager import Pager, PagerNeeds
from integrations.pagerduty.failures import pagerduty_failures
from integrations.pagerduty.on_calls import FIRST_LEVEL
from integrations.pagerduty.one_attempt import OneAttemptRest
from integrations.pagerduty.paths import path_part


def checks(pager: Pager, rest: OneAttemptRest, from_email: str, needs: PagerNeeds) -> Iterator[Check]:
    """Each thing that was tried. Without a key that works nothing else is."""
    try:
        with pagerduty_failures():
            users = rest.answer("GET", "/users", params={"query": from_email, "limit": 100})["users"]
    except IntegrationError as error:
        yield Check(what="PagerDuty: API key", ok=False, advice=str(error))
        return
    yield Check(what="PagerDuty: API key", ok=True)
    known = any(str(user.get("email", "")).lower() == from_email.lower() for user in users)
    advice = "it is no user of the account; set TIERLINE_PAGERDUTY__FROM_EMAIL to one"
    yield Check(what="PagerDuty: From address", ok=known, advice=None if known else advice)
    policies: dict[str, str] = {}
    for service in dict.fromkeys(target.service for target in needs.targets):
        yield _service(rest, service, policies)
    for policy in dict.fromkeys(_policies(needs.targets, policies)):
        yield from _escalation_policy(pager, rest, policy, needs)
    if needs.priorities:
        yield from _priorities(rest, needs.priorities)
    if needs.webhook_url is not None:
        yield from _webhooks(pager, needs.webhook_url, [target.service for target in needs.targets])


def _policies(targets: Sequence[PageTarget], of_services: dict[str, str]) -> Iterator[str]:
    for target in targets:
        policy = target.escalation_policy or of_services.get(target.service)
        if policy is not None:
            yield policy


def _service(rest: OneAttemptRest, service: str, policies: dict[str, str]) -> Check:
    what = f"PagerDuty: service {service}"
    try:
        with pagerduty_failures():
            read = rest.answer("GET", f"/services/{path_part(service)}")["service"]
            policies[service] = str(read["escalation_policy"]["id"])
    except IntegrationError as error:
        return Check(what=what, ok=False, advice=str(error))
    what = f"{what} ({read.get('name') or read.get('summary')})"
    if read.get("status") == "disabled":
        return Check(what=what, ok=False, advice="it is disabled: pages would wake nobody; enable it")
    return Check(what=what, ok=True)


def _escalation_policy(pager: Pager, rest: OneAttemptRest, policy: str, needs: PagerNeeds) -> Iterator[Check]:
    what = f"PagerDuty: escalation policy {policy}"
    gaps: list[OnCallGap] = []
    try:
        with pagerduty_failures():
            read = rest.answer("GET", f"/escalation_policies/{path_part(policy)}")["escalation_policy"]
        people = pager.on_call(policy)
        if needs.start is not None and needs.end is not None:
            gaps = pager.gaps([policy], needs.start, needs.end)
    except IntegrationError as error:
        yield Check(what=what, ok=False, advice=str(error))
        return
    what = f"{what} ({read.get('name') or read.get('summary')})"
    advice = _nobody(people) or _gap(gaps, needs.start)
    yield Check(what=what, ok=advice is None, advice=advice)


def _nobody(people: Sequence[OnCall]) -> str | None:
    if any(person.level == FIRST_LEVEL for person in people):
        return None
    return "nobody is on call at its first level now; put somebody on its schedule"


def _gap(gaps: Sequence[OnCallGap], now: datetime | None) -> str | None:
    gap = next((gap for gap in gaps if now is None or gap.end > now), None)
    if gap is None:
        return None
    return (
        f"nobody is on call at its first level from {gap.start:%Y-%m-%d %H:%M} to {gap.end:%Y-%m-%d %H:%M} UTC; "
        "put somebody on its schedule"
    )


def _priorities(rest: OneAttemptRest, wanted: Sequence[str]) -> Iterator[Check]:
    what = "PagerDuty: priorities"
    try:
        with pagerduty_failures():
            known = [str(one["name"]) for one in rest.answer("GET", "/priorities")["priorities"]]
    except IntegrationError as error:
        yield Check(what=what, ok=False, advice=str(error))
        return
    names = {name.casefold() for name in known}
    missing = [name for name in dict.fromkeys(wanted) if name.casefold() not in names]
    advice = (
        f"the account has none named {', '.join(missing)} (it has {', '.join(known) or 'none'}): pages go out without it; "
        "correct `priorities` in the policy"
    )
    yield Check(what=what, ok=not missing, advice=advice if missing else None)


def _webhooks(pager: Pager, url: str, services: Sequence[str]) -> Iterator[Check]:
    what = f"PagerDuty: webhooks to {url}"
    try:
        ours = [each for each in pager.subscriptions() if same_address(each.url, url)]
    except IntegrationError as error:
        yield Check(what=what, ok=False, advice=str(error))
        return
    advice = _webhook_advice(ours, services)
    yield Check(what=what, ok=advice is None, advice=advice)


def _webhook_advice(ours: Sequence[WebhookSubscription], services: Sequence[str]) -> str | None:
    if not ours:
        return f"no webhook subscription sends there; create one (V3) with the events {', '.join(NEEDED_EVENTS)}"
    at_work = [each for each in ours if each.enabled]
    if not at_work:
        if all(each.switched_off for each in ours):
            return f"the subscription {ours[0].id} is switched off; make it active"
        return f"PagerDuty has disabled the subscription {ours[0].id}; enable it, and see why deliveries were refused"
    uncovered = [service for service in dict.fromkeys(services) if not any(_covers(each, service) for each in at_work)]
    if uncovered:
        return f"no subscription covers the service {', '.join(uncovered)}; create one for it, or one for the account"
    heard = {event for each in at_work for event in each.events}
    missing = [event for event in NEEDED_EVENTS if event not in heard]
    return f"it does not send {', '.join(missing)}; add them to the subscription" if missing else None


def _covers(subscription: WebhookSubscription, service: str) -> bool:
    # Whether a team has the service is not known here: the benefit of the doubt.
    return subscription.service in (None, service)
