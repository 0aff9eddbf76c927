"""The watch over the pager: what missed webhooks should have told, whether webhooks come at all, and hours with nobody on call.

A round is a function of what the round before left (``WatchState``) and what is read; what is to be said is put into ``untold`` and
stays there until it is posted, so that each thing is told once and none is lost.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from pydantic import Field

from domain.addresses import parts_of
from domain.durations import format_duration
from domain.frozen import Frozen
from domain.messages import Delivery, PageChanged
from domain.page_rules import PageTarget
from domain.paging import OnCallGap, PageEvent, PageSnapshot
from domain.policy import PagerWatchRules, Policy
from domain.texts import Address, Key, Line, LongText, Name

WEBHOOK_PATH = "/webhooks/pagerduty"
NEEDED_EVENTS = tuple(f"incident.{event.value}" for event in PageEvent if event is not PageEvent.FOUND)
"""The event types that a subscription must send, as PagerDuty names them."""

_OVERLAP = timedelta(minutes=5)
"""How far a round looks back behind the one before: the two clocks differ, and a list may be a little old."""
_FIRST_LOOK_BACK = timedelta(days=1)
_SETTLED = timedelta(seconds=15)
"""What is younger is left to its webhook, and to the next round: PagerDuty may still be telling it."""
_WITHIN_ITS_SECOND = timedelta(microseconds=999_999)
_SLOW_EVERY = timedelta(minutes=15)
"""Subscriptions and schedules change seldom: most rounds ask for pages alone, which is two requests."""
_MOST_TOLD = 1_000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that nobody outside of this machine reaches."""


class WebhookSubscription(Frozen):
    """Where the pager sends its webhooks to, and whether it does.

    ``switched_off`` is somebody's wish, which enabling does not undo. ``events`` are its types; ``service`` or ``team`` is the only one
    whose pages it tells of.
    """

    id: Key
    url: Address
    enabled: bool
    switched_off: bool = False
    events: tuple[Name, ...] = ()
    service: Name | None = None
    team: Name | None = None


class PagerWatchTask(Frozen):
    """What is watched: the policy's rules, everybody whom its pages wake, and where the webhooks are to come."""

    rules: PagerWatchRules
    targets: tuple[PageTarget, ...]
    webhook_url: Address

    @property
    def services(self) -> tuple[str, ...]:
        """The services whose pages are polled."""
        return tuple(dict.fromkeys(target.service for target in self.targets))


class WatchNotice(Frozen):
    """Something for the leads' channel; posted once for its key."""

    key: Key
    text: LongText


class WatchState(Frozen):
    """What one round hands to the next.

    ``watermark`` is the instant up to which all that changed was told, ``told`` the ids of what was told of the time that the next round
    looks at again. ``looked_at`` is when subscriptions and schedules were looked at last. ``unheard`` are the troubles with webhooks that
    were told and last, ``gaps`` the times with nobody on call that were, ``refused`` the refusal of a reading that was.
    """

    watermark: datetime | None = None
    told: tuple[Key, ...] = ()
    looked_at: datetime | None = None
    unheard: tuple[Line, ...] = ()
    gaps: tuple[OnCallGap, ...] = ()
    unknown: tuple[Line, ...] = ()
    refused: Line | None = None
    untold: tuple[WatchNotice, ...] = ()

    def say(self, key: str, text: str) -> "WatchState":
        """With one more thing to be told."""
        return self.model_copy(update={"untold": (*self.untold, WatchNotice(key=f"pager-watch/{key}", text=text))})


def watch_task(policy: Policy, public_url: str) -> PagerWatchTask | None:
    """What is to be watched under a policy; None where it wants no watch."""
    if policy.pager_watch is None:
        return None
    targets = page_targets(policy)
    return PagerWatchTask(rules=policy.pager_watch, targets=targets, webhook_url=webhook_address(public_url))


def webhook_address(public_url: str) -> str:
    """Where PagerDuty is to send its webhooks to."""
    return public_url.rstrip("/") + WEBHOOK_PATH


def page_targets(policy: Policy) -> tuple[PageTarget, ...]:
    """Everybody whom a page under this policy can wake, each once."""
    rules = [page for tier, where in policy.tiers.items() for _, page in where.pages(f"tiers.{tier}")]
    if policy.audit is not None and policy.audit.page is not None:
        rules.append(policy.audit.page)
    return tuple(dict.fromkeys(target for one in rules for target in one.targets()))


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one: scheme and host in any case of letters, with or without a slash at the end."""
    return _plain(one) == _plain(other)


def _plain(url: str) -> tuple[str, str, str]:
    parts = parts_of(url.strip())
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/")


# --- pages that changed ----------------------------------------------------------------------------------------------


def look_from(state: WatchState, now: datetime) -> datetime:
    """The instant from which a round looks for changes."""
    return state.watermark - _OVERLAP if state.watermark is not None else now - _FIRST_LOOK_BACK


def found(pages: Iterable[PageSnapshot], since: datetime, now: datetime) -> list[Delivery]:
    """What is to be told of these pages: those whose status changed since then, each under an id that is its page's and its status'.

    So the ticket takes it once, however often it is found.
    """
    settled = now - _SETTLED
    return [_delivery(page) for page in pages if page.status_since is None or since <= page.status_since <= settled]


def _delivery(page: PageSnapshot) -> Delivery:
    since = page.status_since.isoformat() if page.status_since is not None else "unknown"
    return Delivery(
        id=f"pagerduty/found/{page.ref.id}/{page.status.value}/{since}",
        body=PageChanged(
            page_key=page.ref.key,
            event=PageEvent.FOUND,
            at=_at_the_latest(page.status_since),
            status=page.status,
            by=page.acknowledged_by,
            assigned_to=page.assigned_to,
            priority=page.priority,
            urgency=page.urgency,
            page_id=page.ref.id,
            url=page.ref.url,
        ),
    )


def _at_the_latest(status_since: datetime | None) -> datetime | None:
    """PagerDuty's lists tell whole seconds, its webhooks thousandths: without this, what happened last within a second would be older
    than what was told of before it. Nothing came after it in that second, since it was still so when the second was long over.
    """
    if status_since is None or status_since.microsecond:
        return status_since
    return status_since + _WITHIN_ITS_SECOND


def to_tell(state: WatchState, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those of what was found that no round has told yet."""
    return [delivery for delivery in deliveries if delivery.id not in state.told]


def all_told(state: WatchState, deliveries: Sequence[Delivery], now: datetime) -> WatchState:
    """The state after a round that began at ``now`` and told everything that it found."""
    told = tuple(delivery.id for delivery in deliveries)[-_MOST_TOLD:]
    return state.model_copy(update={"watermark": now, "told": told})


# --- whether it can be read ------------------------------------------------------------------------------------------


def refused(state: WatchState, why: str, now: datetime) -> WatchState:
    """PagerDuty refuses to be read, which does not pass by itself: told once for as long as it lasts."""
    if state.refused == why:
        return state
    text = f"PagerDuty cannot be watched: {why}. What its webhooks miss is not found until that is mended (`tierline check`)"
    return state.model_copy(update={"refused": why}).say(f"refused/{_written(now)}", text)


def readable(state: WatchState) -> WatchState:
    """It can be read (again)."""
    return state.model_copy(update={"refused": None})


# --- webhooks --------------------------------------------------------------------------------------------------------


def is_due(state: WatchState, now: datetime) -> bool:
    """Whether subscriptions and schedules are to be looked at in this round."""
    return state.looked_at is None or now - state.looked_at >= _SLOW_EVERY


def looked(state: WatchState, now: datetime) -> WatchState:
    """Subscriptions and schedules were looked at."""
    return state.model_copy(update={"looked_at": now})


def to_enable(task: PagerWatchTask, subscriptions: Iterable[WebhookSubscription]) -> list[WebhookSubscription]:
    """Those that come to us and that PagerDuty, not a person, has disabled."""
    ours = (each for each in subscriptions if same_address(each.url, task.webhook_url))
    return [each for each in ours if not each.enabled and not each.switched_off]


def hear(
    state: WatchState,
    task: PagerWatchTask,
    subscriptions: Sequence[WebhookSubscription],
    enabled: Iterable[str],
    now: datetime,
) -> WatchState:
    """What is said of the subscriptions, once for as long as it lasts.

    Args:
        state: what the round before left.
        task: what is watched.
        subscriptions: as they were found.
        enabled: the ids of those that this round has enabled again.
        now: when the round began.
    """
    back = set(enabled)
    troubles: dict[str, str] = {}
    for each in to_enable(task, subscriptions):
        if each.id in back:
            # It is over as soon as it is told: the next time it is disabled is another one.
            text = (
                f"PagerDuty had disabled its webhook subscription {each.id}, since deliveries were refused; it is enabled again. "
                f"What it did not tell meanwhile is found by asking, every {format_duration(task.rules.every)}"
            )
            state = state.say(f"enabled/{each.id}/{_written(now)}", text)
        else:
            troubles[f"disabled/{each.id}"] = (
                f"PagerDuty has disabled its webhook subscription {each.id}, and it could not be enabled again: do it in "
                f"PagerDuty (Integrations, Generic Webhooks). Until then pages are asked for every {format_duration(task.rules.every)}"
            )
    troubles |= _silent(task, subscriptions)
    for trouble, text in troubles.items():
        if trouble not in state.unheard:
            state = state.say(f"{trouble}/{_written(now)}", text)
    return state.model_copy(update={"unheard": tuple(troubles)})


def _silent(task: PagerWatchTask, subscriptions: Sequence[WebhookSubscription]) -> dict[str, str]:
    ours = [each for each in subscriptions if same_address(each.url, task.webhook_url)]
    asked = f"Until then pages are asked for every {format_duration(task.rules.every)}"
    if ours and all(each.switched_off for each in ours):
        names = ", ".join(each.id for each in ours)
        return {"switched-off": f"PagerDuty's webhook subscription {names} is switched off: make it active. {asked}"}
    # PagerDuty cannot reach this machine's own address: whoever tries Tierline there lives on asking.
    if not ours and parts_of(task.webhook_url).hostname not in LOOPBACK:
        return {
            "missing": f"No webhook subscription of PagerDuty sends to {task.webhook_url}: create one (`tierline check` says "
            f"what it needs). {asked}"
        }
    return {}


# --- who is on call --------------------------------------------------------------------------------------------------


class OnCallLook(Frozen):
    """What a look at who will be on call found; ``unknown`` are the services whose escalation policy cannot be had, and why."""

    gaps: tuple[OnCallGap, ...] = ()
    unknown: dict[Name, Line] = Field(default_factory=dict)


def mind_gaps(state: WatchState, look: OnCallLook, now: datetime, end: datetime) -> WatchState:
    """Say when nobody is on call, once for each gap, and of which service it is not known, once for as long as it lasts.

    As time goes on a gap that has begun is seen shorter, and one that reaches the end of what is looked at longer: what overlaps or
    touches a gap that was told is the same one.
    """
    seen: list[OnCallGap] = []
    for gap in look.gaps:
        known = next((each for each in state.gaps if _one(each, gap)), None)
        if known is None:
            state = state.say(f"gap/{gap.escalation_policy}/{_written(gap.start)}", _gap_text(gap, now, end))
            seen.append(gap)
        else:
            seen.append(gap.model_copy(update={"start": min(known.start, gap.start)}))
    for service, why in look.unknown.items():
        if service not in state.unknown:
            text = f"Who is on call for PagerDuty's service {service} cannot be had ({why}): correct the policy"
            state = state.say(f"unknown/{service}/{_written(now)}", text)
    return state.model_copy(update={"gaps": tuple(seen), "unknown": tuple(look.unknown)})


def _one(told: OnCallGap, gap: OnCallGap) -> bool:
    return told.escalation_policy == gap.escalation_policy and gap.start <= told.end and told.start <= gap.end


def _gap_text(gap: OnCallGap, now: datetime, end: datetime) -> str:
    start = "now" if gap.start <= now else f"{gap.start:%a %Y-%m-%d %H:%M} UTC"
    till = f"{gap.end:%a %Y-%m-%d %H:%M} UTC" + (" at least" if gap.end >= end else "")
    return (
        f"Nobody is on call at the first level of {gap.name} from {start} until {till}: a page would wake the next level, or nobody. "
        "Put somebody on its schedule in PagerDuty"
    )


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}Z"
