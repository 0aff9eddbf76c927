"""Numbers and names as people read them, on a terminal and in the report."""

from datetime import timedelta

from domain.ladders import clock_name
from domain.policy import ClockKind, Policy
from domain.tiers import Owner

_OWNERS = {Owner.CUSTOMER: "customer", Owner.VENDOR: "vendor", Owner.RESOLVED: "resolved, until closed or reopened"}
_HOUR_S = 3600


def clock_words(kind: ClockKind) -> str:
    """``First response``."""
    name = clock_name(kind)
    return name[0].upper() + name[1:]


def owner_words(owner: Owner) -> str:
    """``L2``, ``customer``, ``closed hours``."""
    return _OWNERS.get(owner, owner.value.replace("_", " "))


def hours(length: timedelta) -> str:
    """``1,234 h``; below ten hours with a decimal where it needs one, below an hour in minutes."""
    amount = length.total_seconds() / _HOUR_S
    if amount >= 10 or amount == int(amount) > 0:
        return f"{amount:,.0f} h"
    return f"{amount:.1f} h" if amount >= 1 else f"{amount * 60:.0f} min"


def share(part: float) -> str:
    """``12.3 %``; 0 % only for nothing at all."""
    if part == 0:
        return "0 %"
    return "< 0.1 %" if part < 0.0005 else f"{part:.1%}".replace("%", " %")


def signed(number: int) -> str:
    """``+3``, ``−3``, ``0``."""
    return f"+{number:,}" if number > 0 else f"{number:,}".replace("-", "−")


def labels(policy: Policy, file: str, against: Policy | None, against_file: str | None) -> tuple[str, str]:
    """What to call two policies: by name and version, or by their files where those are the same."""
    own = f"{policy.name} ({policy.version})"
    if against is None:
        return own, ""
    other = f"{against.name} ({against.version})"
    return (own, other) if own != other else (file, against_file or other)
