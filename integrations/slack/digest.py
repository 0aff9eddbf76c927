"""The joint-retro digest as Block Kit."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from domain.digest import Digest
from domain.ladders import clock_name
from domain.pager_load import PagerLoad
from domain.tiers import Owner
from integrations.slack import blocks
from integrations.slack.blocks import Block
from integrations.slack.mrkdwn import bar, escaped, link, moment, person

_MOST_PAGED = 10
_OWNERS = {
    Owner.CUSTOMER: "the customer",
    Owner.L0: "L0",
    Owner.L1: "L1",
    Owner.L2: "L2",
    Owner.L3: "L3",
    Owner.VENDOR: "the vendor",
    Owner.CLOSED_HOURS: "nobody (closed hours)",
    Owner.RESOLVED: "nobody (resolved)",
}


def digest_text(digest: Digest) -> str:
    """The digest in one line, for notifications and screen readers."""
    return escaped(
        f"Joint retro of {digest.team}: {digest.opened} opened, {digest.resolved} resolved, {digest.open_now} open, "
        f"{sum(digest.breaches.values())} breaches, {digest.handoffs} handoffs, {digest.returns} returns"
    )


def digest_blocks(digest: Digest) -> list[Block]:
    """The digest's blocks, top to bottom."""
    return [
        blocks.header(f"📊 Joint retro · {digest.team}"),
        blocks.context([f"{moment(digest.start)} to {moment(digest.end)}"]),
        blocks.fields(_numbers(digest)),
        blocks.divider(),
        blocks.section(f"*Tickets by tier*\n{_by_tier(digest)}"),
        blocks.section(f"*Breaches*\n{_breaches(digest)}"),
        blocks.section(f"*Time waiting on whom*\n{_waiting(digest)}"),
        blocks.divider(),
        blocks.section(f"*Issues with most tickets*\n{_top_issues(digest)}"),
        blocks.section(f"*Oldest open*\n{_oldest(digest)}"),
        *([blocks.section(f"*Pages by person*\n{_pager_load(digest)}")] if digest.pager_load else []),
        blocks.section(f"*Thanks to those who solved* 🎉\n{_thanks(digest)}"),
    ]


def digest_charts(digest: Digest) -> list[Block]:
    """The waiting times and the breaches as Slack's own charts; none where there is nothing to draw."""
    waits = [(_OWNERS[owner], length.total_seconds() / 3600) for owner, length in _by_length(digest.waiting)]
    breaches = [(clock_name(kind), count) for kind, count in digest.breaches.items()]
    return [
        *blocks.pie("Time waiting on whom (hours)", [(name, round(hours, 2)) for name, hours in waits]),
        *blocks.bars("Breaches by clock", "Breaches", breaches),
    ]


def duration(length: timedelta) -> str:
    """The two largest units: ``3 d 4 h``, ``5 h 10 min``, ``12 min``, ``40 s``."""
    seconds = max(0, int(length.total_seconds()))
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((index for index, (amount, _) in enumerate(units) if amount), len(units) - 1)
    shown = [units[first], *([units[first + 1]] if first + 1 < len(units) - 1 else [])]
    return " ".join(f"{amount} {unit}" for amount, unit in shown if amount) or "0 s"


def _numbers(digest: Digest) -> list[str]:
    return [
        f"*Opened*\n{digest.opened}",
        f"*Resolved*\n{digest.resolved}",
        f"*Open now*\n{digest.open_now}",
        f"*Reopened*\n{digest.reopened}",
        f"*Handed up*\n{digest.handoffs}",
        f"*Returned*\n{digest.returns}",
    ]


def _by_tier(digest: Digest) -> str:
    most = max(digest.by_tier.values(), default=0)
    return _lines(f"`{tier} {bar(count / most)}` {count}" for tier, count in digest.by_tier.items() if most)


def _breaches(digest: Digest) -> str:
    return _lines(f"⛔ {clock_name(kind)}: {count}" for kind, count in digest.breaches.items())


def _waiting(digest: Digest) -> str:
    total = sum((length.total_seconds() for length in digest.waiting.values()), 0.0)
    return _lines(
        f"`{bar(length.total_seconds() / total)}` {_OWNERS[owner]}: {duration(length)} "
        f"({length.total_seconds() / total:.0%})"
        for owner, length in _by_length(digest.waiting)
        if total
    )


def _by_length(waiting: Mapping[Owner, timedelta]) -> list[tuple[Owner, timedelta]]:
    return sorted(waiting.items(), key=lambda item: (-item[1], item[0]))


def _top_issues(digest: Digest) -> str:
    return _lines(
        f"🔧 {link(load.ref.url, load.ref.key)}: {_count(load.tickets, 'ticket')}" for load in digest.top_issues
    )


def _oldest(digest: Digest) -> str:
    return _lines(f"🕰 {escaped(old.ticket_id)} in {old.tier}, open for {duration(old.age)}" for old in digest.oldest)


def _pager_load(digest: Digest) -> str:
    shown = digest.pager_load[:_MOST_PAGED]
    lines = [f"📟 {person(load.name)}: {_load_words(load)}" for load in shown]
    more = len(digest.pager_load) - len(shown)
    return _lines([*lines, *([f"and {_count(more, 'other')}"] if more else [])])


def _load_words(load: PagerLoad) -> str:
    parts = [_count(load.pages, "page"), f"{load.out_of_hours} out of hours"]
    if load.acknowledged_within is not None:
        parts.append(f"acknowledged within {duration(load.acknowledged_within)} (median)")
    return ", ".join(parts)


def _thanks(digest: Digest) -> str:
    return _lines(f"{person(name)} · {count}" for name, count in digest.thanks)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) or "_none_"
