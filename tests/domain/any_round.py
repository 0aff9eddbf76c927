"""Rounds of what a schedule starts (the watch over the pager, catching up with trackers, the audit) over arbitrary findings."""

from hypothesis import strategies as st

from domain import pager_watch, reconcile, sla_audit
from domain.issues import ChangeFeed
from domain.pager_watch import OnCallLook, PagerWatchTask, WatchState, WebhookSubscription
from domain.paging import PageSnapshot, ticket_of_page
from domain.policy import AuditRules
from domain.reconcile import IssueAnswer, ReconcileState, ReconcileTask, WatchedKey
from domain.sla_audit import LateTickets
from tests.domain.any_life import Lived
from tests.domain.arbitrary import a_model, texts

_PAGES, _SUBSCRIPTIONS, _ANSWERS, _WATCHED = (
    st.lists(a_model(model), max_size=3) for model in (PageSnapshot, WebhookSubscription, IssueAnswer, WatchedKey)
)


def watch_the_pager(life: Lived) -> None:
    """Rounds of the watch, one after the other."""
    task, state = life.draw(a_model(PagerWatchTask)), WatchState()
    for now in life.each_instant():
        found = pager_watch.found(life.draw(_PAGES), pager_watch.look_from(state, now), now)
        for delivery in pager_watch.to_tell(state, found):
            ticket_of_page(delivery.body.page_key)  # type: ignore[union-attr]
        state = pager_watch.all_told(state, found, now)
        if pager_watch.is_due(state, now):
            subscriptions = life.draw(_SUBSCRIPTIONS)
            enabled = [each.id for each in pager_watch.to_enable(task, subscriptions)][:1]
            state = pager_watch.hear(state, task, subscriptions, enabled, now)
            look = life.draw(a_model(OnCallLook))
            state = pager_watch.looked(pager_watch.mind_gaps(state, look, now, now + task.rules.look_ahead), now)
        state = pager_watch.refused(pager_watch.readable(state), life.draw(texts()), now)
        WatchState.model_validate_json(state.model_dump_json())


def catch_up_with_a_tracker(life: Lived) -> None:
    """Rounds of catching up, one after the other."""
    task, state = life.draw(a_model(ReconcileTask)), ReconcileState()
    for now in life.each_instant():
        state = reconcile.begun(state, task, now)
        if reconcile.list_is_due(state, now):
            state = reconcile.listed(state, life.draw(_WATCHED), now)
        reconcile.projects_of(state, task)
        since = reconcile.look_from(state, task, now)
        feed = reconcile.bounded(life.draw(a_model(ChangeFeed)), dict(state.cursors))
        list(reconcile.chunks(reconcile.to_ask(state, feed, now)))
        state = reconcile.answered(state, task, feed, life.draw(_ANSWERS), now)
        reconcile.is_whole(feed, since, now, 1)
        if reconcile.sweep_is_due(state, now):
            asked = reconcile.to_sweep(state, life.draw(_WATCHED))
            state = reconcile.swept(state, asked, life.draw(_ANSWERS), now)
        state = reconcile.unreadable(state, task, life.draw(st.none() | texts()), now)
        state = reconcile.told_of_mends(reconcile.readable(state, task, now), task, now)
        reconcile.story(state)
        state = ReconcileState.model_validate_json(state.model_dump_json())


def audit(life: Lived) -> None:
    """What an audit says of tickets that are late."""
    now = life.now
    rules, late = life.draw(a_model(AuditRules)), life.draw(a_model(LateTickets))
    sla_audit.drift_key(now)
    sla_audit.drift_page(late, rules, now)
    sla_audit.drift_text(late, rules.grace)
    sla_audit.over_text(now)


ROUNDS = {"pager watch": watch_the_pager, "catching up": catch_up_with_a_tracker, "audit": audit}
