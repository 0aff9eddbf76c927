"""The local GitHub's JSON, for its REST API and its webhooks alike."""

import base64
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from sandbox.github.state import (
    APP_BOT,
    Account,
    Comment,
    Event,
    GitHubState,
    Issue,
    Label,
    Milestone,
    Release,
    Repository,
)

Json = dict[str, Any]

_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
ENTERPRISE = "/api/v3"
FACE: ContextVar[str] = ContextVar("face", default="")
"""What stands before the API's paths in the call that is answered: ``ENTERPRISE``, or nothing as on github.com."""
EVENTS = ["issue_comment", "issues", "release"]


def timestamp(moment: datetime) -> str:
    """GitHub's own form of a moment, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def node_id(kind: str, id_: int) -> str:
    """A global id in the form of the current ones: a letter code and opaque base64."""
    return f"{kind}_" + base64.urlsafe_b64encode(b"\x93\x00" + id_.to_bytes(8, "big")).decode().rstrip("=")


class Shapes:
    """Builds the JSON of everything the state knows."""

    def __init__(self, state: GitHubState) -> None:
        self._state = state

    @property
    def base(self) -> str:
        """The API's address."""
        return self._state.base_url + FACE.get()

    @property
    def web(self) -> str:
        """The address of the pages for people."""
        return self._state.base_url

    def account(self, account: Account) -> Json:
        """A simple user."""
        url = f"{self.base}/users/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("U", account.id),
            "avatar_url": f"{self.base}/avatars/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{account.login}",
            "followers_url": f"{url}/followers",
            "following_url": f"{url}/following{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{url}/subscriptions",
            "organizations_url": f"{url}/orgs",
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events{{/privacy}}",
            "received_events_url": f"{url}/received_events",
            "type": account.kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def profile(self, account: Account) -> Json:
        """A user's public profile."""
        since = timestamp(self._state.repository.created_at)
        return {
            **self.account(account),
            "name": account.login,
            "company": None,
            "blog": "",
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "twitter_username": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": since,
            "updated_at": since,
        }

    def label(self, label: Label, repository: Repository) -> Json:
        """A label."""
        return {
            "id": label.id,
            "node_id": node_id("LA", label.id),
            "url": f"{self.repository_url(repository)}/labels/{label.name}",
            "name": label.name,
            "color": label.color,
            "default": label.default,
            "description": label.description,
        }

    def milestone(self, milestone: Milestone, repository: Repository) -> Json:
        """A milestone."""
        url = f"{self.repository_url(repository)}/milestones/{milestone.number}"
        states = [issue.state for issue in self._state.issues if issue.milestone is milestone and issue.is_here]
        return {
            "url": url,
            "html_url": f"{self.web}/{repository.full_name}/milestone/{milestone.number}",
            "labels_url": f"{url}/labels",
            "id": milestone.id,
            "node_id": node_id("MI", milestone.id),
            "number": milestone.number,
            "title": milestone.title,
            "description": milestone.description,
            "creator": self.account(milestone.creator),
            "open_issues": states.count("open"),
            "closed_issues": states.count("closed"),
            "state": milestone.state,
            "created_at": timestamp(milestone.created_at),
            "updated_at": timestamp(milestone.updated_at),
            "due_on": milestone.due_on,
            "closed_at": timestamp(milestone.closed_at) if milestone.closed_at else None,
        }

    def release(self, release: Release, repository: Repository) -> Json:
        """A release."""
        url = f"{self.repository_url(repository)}/releases/{release.id}"
        page = f"{self.web}/{repository.full_name}"
        return {
            "url": url,
            "assets_url": f"{url}/assets",
            "upload_url": f"{url}/assets{{?name,label}}",
            "html_url": f"{page}/releases/tag/{release.tag}",
            "id": release.id,
            "node_id": node_id("RE", release.id),
            "author": self.account(release.author),
            "tag_name": release.tag,
            "target_commitish": "main",
            "name": release.name,
            "draft": release.draft,
            "immutable": False,
            "prerelease": release.prerelease,
            "created_at": timestamp(release.created_at),
            "updated_at": timestamp(release.created_at),
            "published_at": timestamp(release.published_at) if release.published_at else None,
            "assets": [],
            "tarball_url": f"{self.repository_url(repository)}/tarball/{release.tag}",
            "zipball_url": f"{self.repository_url(repository)}/zipball/{release.tag}",
            "body": "",
        }

    def event(self, issue: Issue, event: Event) -> Json:
        """An event of an issue."""
        details = dict(event.details)
        if isinstance(label := details.get("label"), Label):
            details["label"] = {"name": label.name, "color": label.color}
        if isinstance(assignee := details.get("assignee"), Account):
            details |= {"assignee": self.account(assignee), "assigner": self.account(event.actor)}
        return {
            "id": event.id,
            "node_id": node_id("EV", event.id),
            "url": f"{self.repository_url(issue.repository)}/issues/events/{event.id}",
            "actor": self.account(event.actor),
            "event": event.event,
            "commit_id": None,
            "commit_url": None,
            "created_at": timestamp(event.created_at),
            "performed_via_github_app": self.app() if event.actor == APP_BOT else None,
            **details,
        }

    def timeline(self, issue: Issue) -> list[Json]:
        """All that happened to an issue, its comments among it, oldest first."""
        said = [
            (
                one.created_at,
                one.id,
                {**self.comment(issue, one), "event": "commented", "actor": self.account(one.user)},
            )
            for one in issue.comments
        ]
        done = [(one.created_at, one.id, self.event(issue, one)) for one in issue.events]
        return [shape for _, _, shape in sorted(said + done, key=lambda one: one[:2])]

    def repository_url(self, repository: Repository) -> str:
        """The address of a repository."""
        return f"{self.base}/repos/{repository.full_name}"

    def issue_url(self, issue: Issue) -> str:
        """The address of an issue."""
        return f"{self.repository_url(issue.repository)}/issues/{issue.number}"

    def issue_page(self, issue: Issue) -> str:
        """The address of an issue's page for people."""
        return f"{self.web}/{issue.repository.full_name}/issues/{issue.number}"

    def _reactions(self, url: str) -> Json:
        return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}

    def issue(self, issue: Issue) -> Json:
        """An issue; a pull request is one with an address more."""
        url = self.issue_url(issue)
        pull = f"{self.repository_url(issue.repository)}/pulls/{issue.number}"
        return {
            **({"pull_request": {"url": pull}} if issue.is_pull_request else {}),
            "url": url,
            "repository_url": self.repository_url(issue.repository),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": self.issue_page(issue),
            "id": issue.id,
            "node_id": node_id("I", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.account(issue.user),
            "labels": [self.label(label, issue.repository) for label in issue.labels],
            "state": issue.state,
            "locked": issue.locked,
            "assignee": self.account(issue.assignees[0]) if issue.assignees else None,
            "assignees": [self.account(account) for account in issue.assignees],
            "milestone": self.milestone(issue.milestone, issue.repository) if issue.milestone else None,
            "comments": len(issue.comments),
            "created_at": timestamp(issue.created_at),
            "updated_at": timestamp(issue.updated_at),
            "closed_at": timestamp(issue.closed_at) if issue.closed_at else None,
            "author_association": issue.user.association,
            "active_lock_reason": None,
            "body": issue.body,
            "reactions": self._reactions(url),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": self.app() if issue.user == APP_BOT else None,
            "state_reason": issue.state_reason,
        }

    def full_issue(self, issue: Issue) -> Json:
        """An issue read by its number, which also says who closed it."""
        return {**self.issue(issue), "closed_by": self.account(issue.closed_by) if issue.closed_by else None}

    def comment(self, issue: Issue, comment: Comment) -> Json:
        """A comment."""
        url = f"{self.repository_url(issue.repository)}/issues/comments/{comment.id}"
        return {
            "url": url,
            "html_url": f"{self.issue_page(issue)}#issuecomment-{comment.id}",
            "issue_url": self.issue_url(issue),
            "id": comment.id,
            "node_id": node_id("IC", comment.id),
            "user": self.account(comment.user),
            "created_at": timestamp(comment.created_at),
            "updated_at": timestamp(comment.updated_at),
            "body": comment.body,
            "author_association": comment.user.association,
            "reactions": self._reactions(url),
            "performed_via_github_app": self.app() if comment.user == APP_BOT else None,
        }

    def repository(self, repository: Repository) -> Json:
        """A repository, as an answer to ``GET /repos/…`` and in webhooks."""
        open_issues = sum(
            issue.state == "open" and issue.is_here and issue.repository is repository for issue in self._state.issues
        )
        since = timestamp(repository.created_at)
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.account(repository.owner),
            "html_url": f"{self.web}/{repository.full_name}",
            "description": None,
            "fork": False,
            **self._repository_urls(repository),
            "created_at": since,
            "updated_at": since,
            "pushed_at": since,
            "homepage": None,
            "size": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": None,
            "has_issues": repository.has_issues,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": True,
            "has_pages": False,
            "has_discussions": False,
            "forks_count": 0,
            "mirror_url": None,
            "archived": repository.archived,
            "disabled": False,
            "open_issues_count": open_issues,
            "license": None,
            "allow_forking": True,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private" if repository.private else "public",
            "forks": 0,
            "open_issues": open_issues,
            "watchers": 0,
            "default_branch": "main",
        }

    def _repository_urls(self, repository: Repository) -> Json:
        url = self.repository_url(repository)
        templates = {
            "forks": "",
            "keys": "{/key_id}",
            "collaborators": "{/collaborator}",
            "teams": "",
            "hooks": "",
            "events": "",
            "assignees": "{/user}",
            "branches": "{/branch}",
            "tags": "",
            "languages": "",
            "stargazers": "",
            "contributors": "",
            "subscribers": "",
            "subscription": "",
            "commits": "{/sha}",
            "comments": "{/number}",
            "merges": "",
            "downloads": "",
            "issues": "{/number}",
            "pulls": "{/number}",
            "milestones": "{/number}",
            "notifications": "{?since,all,participating}",
            "labels": "{/name}",
            "releases": "{/id}",
            "deployments": "",
        }
        return {
            "url": url,
            **{f"{name}_url": f"{url}/{name}{rest}" for name, rest in templates.items()},
            "issue_events_url": f"{url}/issues/events{{/number}}",
            "issue_comment_url": f"{url}/issues/comments{{/number}}",
            "blobs_url": f"{url}/git/blobs{{/sha}}",
            "git_tags_url": f"{url}/git/tags{{/sha}}",
            "git_refs_url": f"{url}/git/refs{{/sha}}",
            "git_commits_url": f"{url}/git/commits{{/sha}}",
            "trees_url": f"{url}/git/trees{{/sha}}",
            "statuses_url": f"{url}/statuses/{{sha}}",
            "contents_url": f"{url}/contents/{{+path}}",
            "compare_url": f"{url}/compare/{{base}}...{{head}}",
            "archive_url": f"{url}/{{archive_format}}{{/ref}}",
            "git_url": f"git://127.0.0.1/{repository.full_name}.git",
            "ssh_url": f"git@127.0.0.1:{repository.full_name}.git",
            "clone_url": f"{self.web}/{repository.full_name}.git",
            "svn_url": f"{self.web}/{repository.full_name}",
        }

    def organisation(self) -> Json:
        """The organisation, as webhooks name it."""
        account = self._state.repository.owner
        url = f"{self.base}/orgs/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("O", account.id),
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{self.base}/avatars/{account.id}",
            "description": "",
        }

    def app(self) -> Json:
        """The GitHub App."""
        since = timestamp(self._state.repository.created_at)
        id_ = int(self._state.credentials.github_app_id)
        return {
            "id": id_,
            "slug": "tierline",
            "node_id": node_id("A", id_),
            "owner": self.account(self._state.repository.owner),
            "name": "Tierline",
            "description": "",
            "external_url": f"{self.web}/apps/tierline",
            "html_url": f"{self.web}/apps/tierline",
            "created_at": since,
            "updated_at": since,
            "permissions": self._state.installation_permissions,
            "events": list(EVENTS),
        }

    def installation(self) -> Json:
        """The App's one installation, on the organisation."""
        id_ = int(self._state.credentials.github_installation_id)
        owner = self._state.repository.owner
        since = timestamp(self._state.repository.created_at)
        return {
            "id": id_,
            "account": self.account(owner),
            "repository_selection": "selected",
            "access_tokens_url": f"{self.base}/app/installations/{id_}/access_tokens",
            "repositories_url": f"{self.base}/installation/repositories",
            "html_url": f"{self.web}/organizations/{owner.login}/settings/installations/{id_}",
            "app_id": int(self._state.credentials.github_app_id),
            "app_slug": "tierline",
            "target_id": owner.id,
            "target_type": "Organization",
            "permissions": self._state.installation_permissions,
            "events": list(EVENTS),
            "created_at": since,
            "updated_at": since,
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": self.account(owner) if self._state.suspended_at else None,
            "suspended_at": timestamp(self._state.suspended_at) if self._state.suspended_at else None,
        }

    def hook(self, repository: Repository) -> Json:
        """The repository's webhook to the gateway."""
        id_ = 501
        url = f"{self.repository_url(repository)}/hooks/{id_}"
        since = timestamp(self._state.repository.created_at)
        gateway = self._state.deliveries.gateway_url or ""
        return {
            "type": "Repository",
            "id": id_,
            "name": "web",
            "active": True,
            "events": list(EVENTS),
            "config": {
                "content_type": "json",
                "insecure_ssl": "0",
                "secret": "********",
                "url": f"{gateway}/webhooks/github",
            },
            "updated_at": since,
            "created_at": since,
            "url": url,
            "test_url": f"{url}/test",
            "ping_url": f"{url}/pings",
            "deliveries_url": f"{url}/deliveries",
            "last_response": {"code": None, "status": "unused", "message": None},
        }
