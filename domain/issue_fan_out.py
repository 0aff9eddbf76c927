"""How the tickets of an issue are told: in batches, paced, one batch of a stream at a time, in the order of the news.

A fan-out is not one intent per ticket but one entry of the state with a cursor on the roll, so that ten thousand tickets cost no more
state than one, and a run that ends in the middle leaves where it was. A batch that was begun is told again in whole when nobody knows how
far it came: its deliveries' ids, and the requests', are the same, and each ticket takes them once.
"""

from collections.abc import Sequence
from datetime import timedelta

from domain.issue_intents import IssueIntent, Stream, TellTicket, TellTickets
from domain.issue_messages import TicketsTold
from domain.issue_pages import AnswerNeed, PageNeed
from domain.messages import DeliveryBody, IssueChanged
from domain.watched_issue import FanOut, Step, WatchedIssue

_BATCH_LASTS = timedelta(seconds=30)
"""A batch takes no longer than this at the policy's pace, whatever its size would be: a run hands over when one has ended."""
FEW = 20
"""Up to this many tickets that a page serves are told one by one, at once."""


def tell_all(state: WatchedIssue, body: DeliveryBody) -> WatchedIssue:
    """Tell every ticket that is on the issue now, after the news before it. No ticket: nothing to tell."""
    if not state.roll:
        return state
    if body.kind in _WHOLE_TRUTH:
        # Whoever has just joined hears with all the others what is true.
        state = state.model_copy(update={"welcomed": state.roll.last})
    return _queued(state, Stream.NEWS, body, of=len(state.roll), upto=state.roll.last)


def welcome(state: WatchedIssue, truth: IssueChanged) -> WatchedIssue:
    """Tell those who joined since the last welcome what is true; while one is under way they wait, and are then told together."""
    if state.welcomed >= state.roll.last or any(each.stream is Stream.WELCOME for each in state.fan_outs):
        return state
    new = len(state.roll.after(state.welcomed, state.roll.last, len(state.roll)))
    welcomed = _queued(state, Stream.WELCOME, truth, of=new, upto=state.roll.last, cursor=state.welcomed)
    return welcomed.model_copy(update={"welcomed": state.roll.last})


def tell_needs(state: WatchedIssue, answers: Sequence[AnswerNeed]) -> Step:
    """Tell tickets of the page that serves them: a few one by one, many in batches."""
    if len(answers) <= FEW:
        return state, [TellTicket(key="", ticket_id=each.ticket_id, body=each.body) for each in answers]
    needs = tuple(PageNeed(ticket_id=each.ticket_id, page_key=each.body.page_key) for each in answers)
    return _queued(state, Stream.PAGE, answers[0].body, of=len(needs), upto=len(needs), needs=needs), []


def told(state: WatchedIssue, event: TicketsTold) -> WatchedIssue:
    """A batch is told: its fan-out goes on behind it. Tickets that are over leave the roll."""
    roll = state.roll
    for ticket in event.over:
        roll = roll.left(ticket)
    after = (_after_batch(each) if each.sent == event.key else each for each in state.fan_outs)
    left = tuple(each for each in after if each.cursor < each.upto)
    return state.model_copy(update={"roll": roll, "fan_outs": left})


def batches(state: WatchedIssue) -> Step:
    """The next batch of each stream that has none under way; fan-outs without anybody left to tell are over."""
    intents: list[IssueIntent] = []
    for stream in Stream:
        while (head := _head(state, stream)) is not None and head.sent is None:
            state, batch = _batch(state, head)
            if batch is not None:
                intents.append(batch)
    return state, intents


def _head(state: WatchedIssue, stream: Stream) -> FanOut | None:
    return next((each for each in state.fan_outs if each.stream is stream), None)


def _batch(state: WatchedIssue, head: FanOut) -> tuple[WatchedIssue, TellTickets | None]:
    found, keys = _next_tickets(state, head)
    if not found:
        left = tuple(each for each in state.fan_outs if each.key != head.key)
        return state.model_copy(update={"fan_outs": left}), None
    state, key = state.next_key()
    sent = head.model_copy(update={"sent": key, "sent_upto": found[-1][0], "sent_count": len(found)})
    fan_outs = tuple(sent if each.key == head.key else each for each in state.fan_outs)
    batch = TellTickets(
        key=key,
        stream=head.stream,
        delivery=head.key,
        ticket_ids=tuple(ticket for _, ticket in found),
        page_keys=keys,
        body=head.body,
        per_second=state.rules.fan_out.per_second,
        told=head.told,
        of=max(head.of, head.told + len(found)),
    )
    return state.model_copy(update={"fan_outs": fan_outs}), batch


def _next_tickets(state: WatchedIssue, head: FanOut) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """The next tickets to tell and, of a page, their own keys of it."""
    rules = state.rules.fan_out
    most = max(1, min(rules.batch, int(rules.per_second * _BATCH_LASTS.total_seconds())))
    if not head.needs:
        return state.roll.after(head.cursor, head.upto, most), ()
    needs = head.needs[head.cursor : head.cursor + most]
    return [(head.cursor + index, need.ticket_id) for index, need in enumerate(needs, start=1)], tuple(
        need.page_key for need in needs
    )


def _after_batch(fan_out: FanOut) -> FanOut:
    return fan_out.model_copy(
        update={"cursor": fan_out.sent_upto, "told": fan_out.told + fan_out.sent_count, "sent": None, "sent_count": 0}
    )


def _queued(
    state: WatchedIssue,
    stream: Stream,
    body: DeliveryBody,
    *,
    of: int,
    upto: int,
    cursor: int = 0,
    needs: tuple[PageNeed, ...] = (),
) -> WatchedIssue:
    state, key = state.next_key()
    fan_out = FanOut(stream=stream, key=key, body=body, needs=needs, upto=upto, of=of, cursor=cursor)
    return state.model_copy(update={"fan_outs": (*state.fan_outs, fan_out)})


_WHOLE_TRUTH = frozenset({"issue_changed", "issue_gone", "issue_merged"})
"""Kinds of news that leave nothing unsaid of how the issue stands."""
