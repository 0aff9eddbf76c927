"""Which release carries a fix: GitHub's milestone, and the release whose tag or name is the milestone's title."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.issues import FixVersion


def is_published(release: Mapping[str, Any]) -> bool:
    """Whether customers have it: no draft and no pre-release."""
    return not release.get("draft") and not release.get("prerelease") and bool(release.get("published_at"))


def fix_version(milestone: Mapping[str, Any], releases: Iterable[Mapping[str, Any]]) -> FixVersion:
    """The milestone as a version; released once a published release has its title as tag or name, with or without a leading v."""
    title = str(milestone["title"])
    wanted = _plain(title)
    for release in releases:
        if is_published(release) and wanted in (_plain(release.get("tag_name")), _plain(release.get("name"))):
            return FixVersion(
                name=title,
                released=True,
                released_at=datetime.fromisoformat(release["published_at"]),
                url=release.get("html_url"),
            )
    return FixVersion(name=title, url=milestone.get("html_url"))


def _plain(name: object) -> str:
    text = str(name or "").strip().casefold()
    return text[1:] if text[:1] == "v" and text[1:2].isdigit() else text
