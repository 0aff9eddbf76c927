"""An issue's workflow as others read it: never longer for ten thousand tickets than for ten."""

from domain.engineering_rules import RequestKind
from domain.frozen import Frozen
from domain.issue_conflicts import Conflict
from domain.issue_intents import Stream
from domain.issues import IssueRef, IssueSnapshot
from domain.watched_issue import FanOut, WatchedIssue

LISTED = 100
"""Tickets that are named; all are counted."""


class Telling(Frozen):
    """How far a fan-out is: ``what`` is being told to ``told`` of ``of`` tickets."""

    stream: Stream
    what: str
    told: int
    of: int


class IssueView(Frozen):
    """An issue. ``tickets`` are those that joined first; ``ticket_count`` all of them, ``features`` those that are feature requests.

    ``impact`` is the class, ``score`` the score that it follows from; ``conflicts`` the latest fields that both sides changed.
    """

    ref: IssueRef
    known: IssueSnapshot | None
    tickets: tuple[str, ...]
    ticket_count: int
    customers: int
    features: int
    tellings: tuple[Telling, ...] = ()
    pages: int = 0
    impact: str | None = None
    score: float = 0.0
    conflicts: tuple[Conflict, ...] = ()
    summary: str = ""
    gone: str | None = None
    locked: bool = False


def view_of(state: WatchedIssue) -> IssueView:
    """The view of a state."""
    return IssueView(
        ref=state.ref,
        known=state.known,
        tickets=state.roll.first(LISTED),
        ticket_count=len(state.roll),
        customers=state.roll.tally.customers,
        features=state.roll.of(RequestKind.FEATURE).tickets,
        tellings=tuple(telling_of(each) for each in state.fan_outs),
        pages=sum(1 for page in state.pages if page.is_open),
        impact=state.sync.impact.name,
        score=state.sync.impact.score,
        conflicts=state.sync.wishes.conflicts,
        summary=state.summary.text,
        gone=state.gone,
        locked=state.locked,
    )


def telling_of(fan_out: FanOut) -> Telling:
    """A fan-out in words that people understand."""
    body = fan_out.body
    what = body.kind.replace("_", " ")
    if body.kind == "issue_changed":
        what = f"{body.ref.key} is {body.status}"
    elif body.kind == "issue_commented":
        what = f"a comment on {body.ref.key}"
    return Telling(stream=fan_out.stream, what=what, told=fan_out.told, of=max(fan_out.of, fan_out.told))


def story_of(state: WatchedIssue, late: dict[str, str]) -> str:
    """What an operator reads of the issue in the Temporal UI, as Markdown. ``late`` are the lanes in trouble, with why."""
    known = state.known
    status = known.status if known is not None else "not read yet"
    count = len(state.roll)
    named = ", ".join(state.roll.first(20)) or "none"
    lines = [
        f"**[{state.ref.key}]({state.ref.url})** · {status} · {count:,} ticket{'' if count == 1 else 's'}: {named}{' …' if count > 20 else ''}"
    ]
    tellings = [telling_of(each) for each in state.fan_outs]
    lines += [f"Told {each.told:,} of {each.of:,} tickets: {each.what}" for each in tellings[:_SHOWN]]
    if len(tellings) > _SHOWN:
        lines.append(f"{len(tellings) - _SHOWN:,} more news wait to be told")
    if state.gone is not None:
        lines.append(f"It can no longer be read ({state.gone})")
    lines += [f"Late: {lane} ({error})" for lane, error in sorted(late.items())]
    return "\n\n".join(lines)


_SHOWN = 5
