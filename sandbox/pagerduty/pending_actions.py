"""What will happen to an incident by itself, and when: it escalates, its acknowledgement or snooze runs out, it resolves.

It is worked out anew from the incident each time, so that a change of the policy, of the service or of the length of a
minute holds at once.
"""

from datetime import datetime
from typing import Literal

from sandbox.pagerduty.state import Incident, PagerDutyState

Action = Literal["escalate", "unacknowledge", "resolve"]


def pending_actions(state: PagerDutyState, incident: Incident) -> list[tuple[Action, datetime]]:
    """What will happen to an incident by itself, and when; the soonest first."""
    if incident.status == "resolved":
        return []
    found: list[tuple[Action, datetime]] = []
    service = state.services[incident.service.id]
    # An incident of low urgency does not escalate: support.pagerduty.com/docs/dynamic-notifications.
    if incident.status == "triggered" and incident.urgency == "high" and not (incident.by_name or incident.exhausted):
        rules = incident.escalation_policy.rules
        # The policy may have fewer levels by now.
        rule = rules[min(incident.step.level, len(rules)) - 1]
        found.append(("escalate", incident.level_since + state.minutes(rule.escalation_delay_in_minutes)))
    if incident.acknowledged_at is not None:
        if incident.snoozed_minutes is not None:
            found.append(("unacknowledge", incident.acknowledged_at + state.minutes(incident.snoozed_minutes)))
        elif service.acknowledgement_timeout_s is not None:
            length = state.minutes(service.acknowledgement_timeout_s / 60)
            found.append(("unacknowledge", incident.acknowledged_at + length))
    if service.auto_resolve_timeout_s is not None:
        found.append(("resolve", incident.opened_at + state.minutes(service.auto_resolve_timeout_s / 60)))
    return sorted(found, key=lambda action: action[1])
