"""The local GitHub's JSON, for its REST API and its webhooks alike."""

import base64
from datetime import UTC, datetime
from typing import Any

from sandbox.github.state import APP_BOT, Account, Comment, GitHubState, Issue, Label, Repository

Json = dict[str, Any]

_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
_PERMISSIONS = {"issues": "write", "metadata": "read"}
EVENTS = ["issue_comment", "issues"]


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
            "html_url": f"{self.base}/{account.login}",
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

    def label(self, label: Label) -> Json:
        """A label."""
        return {
            "id": label.id,
            "node_id": node_id("LA", label.id),
            "url": f"{self.repository_url}/labels/{label.name}",
            "name": label.name,
            "color": label.color,
            "default": label.default,
            "description": label.description,
        }

    @property
    def repository_url(self) -> str:
        """The address of the one repository."""
        return f"{self.base}/repos/{self._state.repository.full_name}"

    def issue_url(self, issue: Issue) -> str:
        """The address of an issue."""
        return f"{self.repository_url}/issues/{issue.number}"

    def issue_page(self, issue: Issue) -> str:
        """The address of an issue's page for people."""
        return f"{self.base}/{self._state.repository.full_name}/issues/{issue.number}"

    def _reactions(self, url: str) -> Json:
        return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}

    def issue(self, issue: Issue) -> Json:
        """An issue."""
        url = self.issue_url(issue)
        return {
            "url": url,
            "repository_url": self.repository_url,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": self.issue_page(issue),
            "id": issue.id,
            "node_id": node_id("I", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.account(issue.user),
            "labels": [self.label(label) for label in issue.labels],
            "state": issue.state,
            "locked": False,
            "assignee": self.account(issue.assignees[0]) if issue.assignees else None,
            "assignees": [self.account(account) for account in issue.assignees],
            "milestone": None,
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
        url = f"{self.repository_url}/issues/comments/{comment.id}"
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

    def repository(self) -> Json:
        """The repository, as an answer to ``GET /repos/…`` and in webhooks."""
        repository = self._state.repository
        open_issues = sum(issue.state == "open" and not issue.deleted for issue in self._state.issues)
        since = timestamp(repository.created_at)
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": True,
            "owner": self.account(repository.owner),
            "html_url": f"{self.base}/{repository.full_name}",
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
            "has_issues": True,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": True,
            "has_pages": False,
            "has_discussions": False,
            "forks_count": 0,
            "mirror_url": None,
            "archived": False,
            "disabled": False,
            "open_issues_count": open_issues,
            "license": None,
            "allow_forking": True,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private",
            "forks": 0,
            "open_issues": open_issues,
            "watchers": 0,
            "default_branch": "main",
        }

    def _repository_urls(self, repository: Repository) -> Json:
        url = self.repository_url
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
            "clone_url": f"{self.base}/{repository.full_name}.git",
            "svn_url": f"{self.base}/{repository.full_name}",
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
            "external_url": f"{self.base}/apps/tierline",
            "html_url": f"{self.base}/apps/tierline",
            "created_at": since,
            "updated_at": since,
            "permissions": dict(_PERMISSIONS),
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
            "html_url": f"{self.base}/organizations/{owner.login}/settings/installations/{id_}",
            "app_id": int(self._state.credentials.github_app_id),
            "app_slug": "tierline",
            "target_id": owner.id,
            "target_type": "Organization",
            "permissions": dict(_PERMISSIONS),
            "events": list(EVENTS),
            "created_at": since,
            "updated_at": since,
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": None,
            "suspended_at": None,
        }

    def hook(self) -> Json:
        """The repository's webhook to the gateway."""
        id_ = 501
        url = f"{self.repository_url}/hooks/{id_}"
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
