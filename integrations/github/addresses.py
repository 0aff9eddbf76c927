"""How GitHub names what it has: repositories, issues by key and by address, moments."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from domain.addresses import parts_of
from domain.issues import IssueRef, Tracker
from integrations.errors import PermanentFailure
from integrations.github.failures import SYSTEM

_REPOSITORY = r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}"
_KEY = re.compile(rf"(?P<repository>{_REPOSITORY})#(?P<number>\d{{1,10}})")
# A stand-in or proxy may serve GitHub below a path.
_PATH = re.compile(rf"/(?P<repository>{_REPOSITORY})/(?:issues|pull)/(?P<number>\d{{1,10}})/?$")


def web_hosts(base_url: str) -> frozenset[str]:
    """The hosts on which people see what the API at this address serves."""
    host = urlsplit(base_url).hostname or ""
    return frozenset({"github.com", "www.github.com"}) if host == "api.github.com" else frozenset({host})


def key_of(reference: str, hosts: frozenset[str]) -> str | None:
    """The key that a person means by ``owner/repository#7`` or by an address on one of the hosts; None where it is neither."""
    text = reference.strip().strip("<>").split("|")[0]
    found = _KEY.fullmatch(text)
    if found is None and "://" in text:
        parts = parts_of(text)
        if parts.hostname in hosts:
            found = _PATH.search(parts.path)
    return f"{found['repository']}#{int(found['number'])}" if found else None


def issue_path(key: str) -> str:
    """The API's path of an issue.

    Raises:
        PermanentFailure: that is no key of GitHub's.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise PermanentFailure(SYSTEM, "an issue's key looks like owner/repository#7; correct it")
    return f"/repos/{found['repository']}/issues/{found['number']}"


def repository_of(key: str) -> str:
    """The repository of an issue's key."""
    return key.partition("#")[0]


def repository_path(project: str) -> str:
    """The API's path of a repository.

    Raises:
        PermanentFailure: that is no name of a repository.
    """
    if not re.fullmatch(_REPOSITORY, project):
        raise PermanentFailure(SYSTEM, "a project is named owner/repository; correct the policy's route")
    return f"/repos/{project}"


def path_part(name: str) -> str:
    """A name (of a label, of a person) as one part of a path."""
    return quote(name, safe="")


def ref_of(issue: Mapping[str, Any]) -> IssueRef:
    """Who an issue is, by the API's own answer."""
    repository = "/".join(urlsplit(issue["repository_url"]).path.split("/")[-2:])
    return IssueRef(
        tracker=Tracker.GITHUB, id=str(issue["node_id"]), key=f"{repository}#{issue['number']}", url=issue["html_url"]
    )


def author_of(item: Mapping[str, Any]) -> str:
    """The login of who wrote an issue or comment; empty where the account is gone."""
    return str((item.get("user") or {}).get("login") or "")


def moment(at: datetime) -> str:
    """A moment as GitHub writes it, in whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
