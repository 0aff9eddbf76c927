"""What an issue's state says now that it did not say before, in words for people."""

from domain.issues import IssueSnapshot
from domain.watched_issue import WatchedIssue


def differences(before: WatchedIssue, after: WatchedIssue) -> tuple[str, ...]:
    """One sentence for each difference; empty where nothing that Tierline tells is different."""
    words = _of_snapshots(before.known, after.known) if after.known is not None else []
    told = {each.id for each in before.sync.news.comments}
    comments = sum(1 for each in after.sync.news.comments if each.id not in told)
    if comments:
        words.append(f"{comments} comment{'s' if comments > 1 else ''} had not been told")
    if after.gone is not None and before.gone is None:
        words.append(f"it can no longer be read ({after.gone})")
    return tuple(words)


def _of_snapshots(before: IssueSnapshot | None, after: IssueSnapshot) -> list[str]:
    if before is None:
        return [f"it had not been read: it is {after.status}"]
    pairs = (
        ("key", before.ref.key, after.ref.key),
        ("title", before.title, after.title),
        ("status", before.status, after.status),
        ("resolution", before.resolution, after.resolution),
        ("assignee", before.assignee, after.assignee),
        ("priority", before.priority, after.priority),
        ("labels", ", ".join(sorted(before.labels)), ", ".join(sorted(after.labels))),
        ("release", _releases(before), _releases(after)),
    )
    return [f"{name}: {old or 'none'} → {new or 'none'}" for name, old, new in pairs if old != new]


def _releases(issue: IssueSnapshot) -> str:
    return ", ".join(f"{each.name}{' (released)' if each.released else ''}" for each in issue.fix_versions)
