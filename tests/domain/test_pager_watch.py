"""The watch over PagerDuty: what a round tells, given what the one before left."""

from datetime import UTC, datetime, timedelta

import pytest

from domain import pager_watch
from domain.messages import PageChanged
from domain.page_rules import PageRules, PageService, PageTarget
from domain.pager_watch import OnCallLook, PagerWatchTask, WatchState, WebhookSubscription
from domain.paging import OnCallGap, PageEvent, PageRef, PageSnapshot, PageStatus
from domain.policy import AuditRules, Match, PagerWatchRules, TeamRules
from domain.tiers import Tier
from tests.domain.building import DAY, HOUR, MINUTE, a_policy, the_tiers

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
URL = "https://tierline.example/webhooks/pagerduty"
TASK = PagerWatchTask(
    rules=PagerWatchRules(every=5 * MINUTE, look_ahead=DAY, channel="C0LEADS"),
    targets=(PageTarget(service="PSVCPAY"),),
    webhook_url=URL,
)
OURS = WebhookSubscription(id="PWEBHK1", url=f"{URL}/", enabled=True)
FOREIGN = WebhookSubscription(id="PWEBHK2", url="https://other.example/hook", enabled=False)
DISABLED = OURS.model_copy(update={"enabled": False})


def a_page(since: datetime | None, status: PageStatus = PageStatus.ACKNOWLEDGED) -> PageSnapshot:
    return PageSnapshot(
        ref=PageRef(key="tierline/T-1042/page/1", id="QINC1"), status=status, acknowledged_by="Ada", status_since=since
    )


def a_gap(start: datetime, end: datetime, policy: str = "PEPENG") -> OnCallGap:
    return OnCallGap(escalation_policy=policy, name="Engineering on call", start=start, end=end)


def texts(state: WatchState) -> list[str]:
    return [notice.text for notice in state.untold]


# --- what is watched -------------------------------------------------------------------------------------------------


def test_everybody_whom_the_policy_wakes_is_watched_once() -> None:
    tiers = the_tiers()
    page = PageRules(
        service="PSVCPAY",
        services=(PageService(match=Match(component="web"), service="PSVCWEB", escalation_policy="PEPSUP"),),
    )
    team = TeamRules(name="Cards", page=PageRules(service="PSVCWEB", escalation_policy="PEPSUP"))
    tiers[Tier.L3] = tiers[Tier.L3].model_copy(update={"page": page, "teams": {"cards": team}})
    tiers = {
        tier: rules if tier is Tier.L3 else rules.model_copy(update={"page": None}) for tier, rules in tiers.items()
    }
    audit = AuditRules(every=HOUR, grace=MINUTE, channel="C0LEADS", page=PageRules(service="PSVCOPS"))
    policy = a_policy(tiers=tiers, audit=audit, pager_watch=TASK.rules)

    task = pager_watch.watch_task(policy, "https://tierline.example/")

    assert task is not None
    assert task.targets == (
        PageTarget(service="PSVCPAY"),
        PageTarget(service="PSVCWEB", escalation_policy="PEPSUP"),
        PageTarget(service="PSVCOPS"),
    )
    assert (task.services, task.webhook_url) == (("PSVCPAY", "PSVCWEB", "PSVCOPS"), URL)
    assert pager_watch.watch_task(a_policy(), "https://tierline.example") is None


# --- what changed ------------------------------------------------------------------------------------------------------


def test_a_change_is_told_once_under_the_id_of_its_page_and_status() -> None:
    state = WatchState(watermark=NOW)
    later = NOW + 5 * MINUTE
    since = pager_watch.look_from(state, later)
    (first,) = pager_watch.found([a_page(NOW - MINUTE)], since, later)
    assert isinstance(first.body, PageChanged)
    assert first.id == "pagerduty/found/QINC1/acknowledged/2026-11-20T11:59:00+00:00"
    assert (first.body.event, first.body.status, first.body.by) == (PageEvent.FOUND, PageStatus.ACKNOWLEDGED, "Ada")
    assert pager_watch.to_tell(state, [first]) == [first]

    state = pager_watch.all_told(state, [first], later)
    again = pager_watch.found([a_page(NOW - MINUTE)], NOW - 5 * MINUTE, later + MINUTE)
    assert again == [first]
    assert pager_watch.to_tell(state, again) == []
    # The status that comes after it is another one.
    (resolved,) = pager_watch.found([a_page(later, PageStatus.RESOLVED)], NOW, later + MINUTE)
    assert pager_watch.to_tell(state, [resolved]) == [resolved]


def test_a_round_looks_back_behind_the_one_before_and_the_first_one_a_day() -> None:
    assert pager_watch.look_from(WatchState(), NOW) == NOW - DAY
    assert pager_watch.look_from(WatchState(watermark=NOW - HOUR), NOW) < NOW - HOUR
    assert pager_watch.found([a_page(NOW - HOUR), a_page(None)], NOW - MINUTE, NOW) == pager_watch.found(
        [a_page(None)], NOW - MINUTE, NOW
    )


def test_what_is_just_happening_is_left_to_its_webhook_and_the_next_round() -> None:
    assert pager_watch.found([a_page(NOW - 10 * SECOND)], NOW - MINUTE, NOW) == []
    after = pager_watch.look_from(WatchState(watermark=NOW), NOW + MINUTE)
    assert len(pager_watch.found([a_page(NOW - 10 * SECOND)], after, NOW + MINUTE)) == 1


def test_a_whole_second_counts_from_its_end() -> None:
    (told,) = pager_watch.found([a_page(NOW - MINUTE)], NOW - HOUR, NOW)
    (exact,) = pager_watch.found([a_page(NOW - MINUTE + timedelta(milliseconds=7))], NOW - HOUR, NOW)

    assert isinstance(told.body, PageChanged)
    assert isinstance(exact.body, PageChanged)
    # The page was triggered by a webhook 400 ms into the second in which it was acknowledged.
    assert told.body.at is not None
    assert NOW - MINUTE + timedelta(milliseconds=400) < told.body.at < NOW - MINUTE + SECOND
    assert exact.body.at == NOW - MINUTE + timedelta(milliseconds=7)


# --- whether it can be read ----------------------------------------------------------------------------------------------


def test_a_refusal_is_told_once_for_as_long_as_it_lasts() -> None:
    state = pager_watch.refused(WatchState(watermark=NOW), "the API key is not accepted", NOW)
    again = pager_watch.refused(state, "the API key is not accepted", NOW + HOUR)
    later = pager_watch.refused(pager_watch.readable(again), "the API key is not accepted", NOW + DAY)

    assert "the API key is not accepted" in texts(state)[0]
    assert again == state
    assert len({notice.key for notice in later.untold}) == 2
    assert later.watermark == NOW


# --- webhooks ------------------------------------------------------------------------------------------------------------


def test_each_disabling_is_told_once() -> None:
    assert pager_watch.to_enable(TASK, [DISABLED, FOREIGN, OURS]) == [DISABLED]
    state = pager_watch.hear(WatchState(), TASK, [DISABLED], ["PWEBHK1"], NOW)
    well = pager_watch.hear(state, TASK, [OURS], [], NOW + HOUR)
    again = pager_watch.hear(well, TASK, [DISABLED], ["PWEBHK1"], NOW + DAY)

    assert "it is enabled again" in texts(state)[0]
    assert texts(well) == texts(state)
    assert len({notice.key for notice in again.untold}) == 2


def test_what_cannot_be_enabled_is_told_once_until_it_is_well() -> None:
    state = pager_watch.hear(WatchState(), TASK, [DISABLED], [], NOW)
    lasts = pager_watch.hear(state, TASK, [DISABLED], [], NOW + HOUR)
    well = pager_watch.hear(lasts, TASK, [OURS], [], NOW + 2 * HOUR)
    again = pager_watch.hear(well, TASK, [DISABLED], [], NOW + 3 * HOUR)

    assert "could not be enabled" in texts(state)[0]
    assert (len(texts(lasts)), len(texts(well)), len(texts(again))) == (1, 1, 2)


@pytest.mark.parametrize(
    ("subscriptions", "words"),
    [
        ([FOREIGN], f"No webhook subscription of PagerDuty sends to {URL}"),
        ([DISABLED.model_copy(update={"switched_off": True})], "is switched off"),
    ],
)
def test_that_nobody_tells_us_anything_is_told_once(subscriptions: list[WebhookSubscription], words: str) -> None:
    assert pager_watch.to_enable(TASK, subscriptions) == []
    state = pager_watch.hear(WatchState(), TASK, subscriptions, [], NOW)
    lasts = pager_watch.hear(state, TASK, subscriptions, [], NOW + HOUR)

    assert words in texts(state)[0]
    assert len(texts(lasts)) == 1


def test_a_gateway_that_pagerduty_cannot_reach_lives_on_asking() -> None:
    at_home = TASK.model_copy(update={"webhook_url": "http://127.0.0.1:8090/webhooks/pagerduty"})
    assert texts(pager_watch.hear(WatchState(), at_home, [FOREIGN], [], NOW)) == []


def test_most_rounds_ask_for_pages_alone() -> None:
    assert pager_watch.is_due(WatchState(), NOW)
    state = pager_watch.looked(WatchState(), NOW)
    assert not pager_watch.is_due(state, NOW + 5 * MINUTE)
    assert pager_watch.is_due(state, NOW + 15 * MINUTE)


# --- who is on call --------------------------------------------------------------------------------------------------------


def test_a_gap_is_told_once_as_time_goes_over_it() -> None:
    friday, end = NOW + 20 * HOUR, NOW + 30 * HOUR
    state = WatchState()
    # It comes into sight at the end of what is looked at, grows to its whole length, begins, and shrinks.
    for hours in range(0, 40):
        now = NOW + hours * HOUR
        seen = a_gap(max(friday, now), min(end, now + DAY))
        gaps = (seen,) if seen.start < seen.end else ()
        state = pager_watch.mind_gaps(state, OnCallLook(gaps=gaps), now, now + DAY)

    (text,) = texts(state)
    assert "Nobody is on call at the first level of Engineering on call" in text
    assert "from Sat 2026-11-21 08:00 UTC until Sat 2026-11-21 12:00 UTC at least" in text
    assert state.gaps == ()


def test_a_gap_that_was_closed_and_comes_again_is_told_again_and_another_policys_is_its_own() -> None:
    gap = a_gap(NOW + HOUR, NOW + 2 * HOUR)
    state = pager_watch.mind_gaps(WatchState(), OnCallLook(gaps=(gap,)), NOW, NOW + DAY)
    closed = pager_watch.mind_gaps(state, OnCallLook(), NOW + MINUTE, NOW + DAY)
    other = gap.model_copy(update={"escalation_policy": "PEPSUP"})
    open_ = pager_watch.mind_gaps(closed, OnCallLook(gaps=(gap, other)), NOW + 2 * MINUTE, NOW + DAY)
    now = pager_watch.mind_gaps(WatchState(), OnCallLook(gaps=(gap,)), NOW + HOUR, NOW + DAY)

    assert (len(texts(state)), len(texts(closed)), len(texts(open_))) == (1, 1, 3)
    assert "from now until" in texts(now)[0]


def test_a_service_that_cannot_be_looked_up_is_told_once() -> None:
    look = OnCallLook(unknown={"PNOWHERE": "pagerduty: there is no such service"})
    state = pager_watch.mind_gaps(WatchState(), look, NOW, NOW + DAY)
    lasts = pager_watch.mind_gaps(state, look, NOW + HOUR, NOW + DAY)

    assert "PNOWHERE" in texts(state)[0]
    assert len(texts(lasts)) == 1
