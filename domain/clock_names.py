"""What people call the clocks."""

from domain.policy import ClockKind

_NAMES = {
    ClockKind.FIRST_RESPONSE: "first response",
    ClockKind.NEXT_RESPONSE: "next response",
    ClockKind.PERIODIC_UPDATE: "periodic update",
    ClockKind.HANDOFF: "acceptance",
    ClockKind.TIER_WORK: "tier work",
    ClockKind.VENDOR: "vendor answer",
    ClockKind.REQUESTER_WAIT: "requester wait",
    ClockKind.AGENT_WORK: "agent work",
    ClockKind.FIRST_RESOLUTION: "first resolution",
    ClockKind.RESOLUTION: "resolution",
}


def clock_name(kind: ClockKind) -> str:
    """A clock's name as people say it."""
    return _NAMES[kind]
