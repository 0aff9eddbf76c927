"""The release that carries an issue's fix: fixed is not yet with the customers."""

from domain.engineering_rules import ProjectRules
from domain.frozen import Frozen
from domain.issue_intents import AskLead
from domain.issues import IssueMeaning, IssueSnapshot, Tracker

_NAMED_BY = {Tracker.JIRA: "fix version", Tracker.GITHUB: "milestone"}


class ReleaseState(Frozen):
    """``asked`` says that the lead knows of a fix that names no release; it is forgotten once the issue is anything but fixed."""

    asked: bool = False


def is_released(issue: IssueSnapshot) -> bool:
    """Whether every release that the issue names is out; not where it names none."""
    return bool(issue.fix_versions) and all(version.released for version in issue.fix_versions)


def release_words(rules: ProjectRules, issue: IssueSnapshot, meaning: IssueMeaning) -> str | None:
    """What a ticket is told of the release: the ones that a fix is waited for in (empty where the issue names none), the ones that carried it
    once it is released, None where no release matters.
    """
    if meaning is IssueMeaning.RELEASED:
        return _names(issue, released=True) or None
    if meaning is IssueMeaning.FIXED and rules.wait_for_release:
        return _names(issue, released=False)
    return None


def ask_for_release(
    state: ReleaseState,
    issue: IssueSnapshot,
    *,
    meaning: IssueMeaning,
    release: str | None,
    channel: str | None,
    lead: str | None,
) -> tuple[ReleaseState, list[AskLead]]:
    """Tell the lead once of a fix that waits for a release which the issue does not name: it would wait for ever."""
    if meaning is not IssueMeaning.FIXED or release != "":
        return ReleaseState(), []
    if state.asked or channel is None:
        return state, []
    named_by = _NAMED_BY[issue.ref.tracker]
    text = (
        f"{issue.ref.key} is {issue.status} and names no {named_by}: its tickets wait for a release that nobody knows. "
        f"Set its {named_by}, and the customers are told when that is released; or resolve the tickets by hand."
    )
    return ReleaseState(asked=True), [AskLead(key="", channel=channel, lead=lead, text=text)]


def _names(issue: IssueSnapshot, *, released: bool) -> str:
    return ", ".join(version.name for version in issue.fix_versions if version.released is released)
