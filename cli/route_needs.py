"""What the policy's routes ask of the trackers' projects: what opens an issue, and what its impact and its status set later."""

from collections.abc import Iterator

from config.policy import PLACEHOLDER
from domain.engineering_rules import ImpactClass
from domain.issues import Tracker
from domain.policy import Policy, Route
from integrations.issue_tracker import RouteNeeds


def needs_of(policy: Policy | None, tracker: Tracker) -> tuple[RouteNeeds, ...]:
    """The needs of each route to that tracker, in the policy's order; without those that still wait for the team's own values."""
    if policy is None:
        return ()
    routes = (route for route in policy.routes if route.tracker is tracker)
    return tuple(_needs(policy, route) for route in routes if PLACEHOLDER not in route.project)


def _needs(policy: Policy, route: Route) -> RouteNeeds:
    rules = policy.engineering.of_project(route.project)
    classes = tuple(_classes(policy))
    # GitHub knows no priorities: there an impact's class is its labels.
    priorities = [each.priority for each in classes if each.priority] if route.tracker is Tracker.JIRA else []
    return RouteNeeds(
        project=route.project,
        issue_type=route.issue_type,
        labels=_each_once(*route.labels, *(label for each in classes for label in each.labels)),
        priorities=_each_once(*route.priorities.values(), *priorities),
        components=route.components,
        fields=tuple(route.fields),
        assignee=route.assignee,
        watchers=route.watchers,
        statuses=_each_once(*rules.statuses, *([rules.reopen_to] if rules.reopen_to else [])),
        public=rules.public,
    )


def _classes(policy: Policy) -> Iterator[ImpactClass]:
    yield from policy.engineering.impact.classes
    yield from policy.engineering.impact.features


def _each_once(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
