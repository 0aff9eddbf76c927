"""What all groups of the local Jira's paths share: whose credentials these are, which face is asked, what is in the body."""

import base64
import binascii
import json
from dataclasses import dataclass
from secrets import compare_digest
from typing import Any

from fastapi import Request

from sandbox.jira import adf
from sandbox.jira.input import JiraError
from sandbox.jira.shapes import Shapes
from sandbox.jira.state import BOT, Issue, JiraState, Project, User

Json = dict[str, Any]

NO_ISSUE = "Issue does not exist or you do not have permission to see it."
NO_PERMISSION = "You do not have permission to do this in the project."


@dataclass(frozen=True)
class Face:
    """One way to the same issues: Jira Cloud by either version of its REST API, or Jira Data Center."""

    prefix: str
    version: int
    data_center: bool = False


CLOUD_V3 = Face("/jira/rest/api/3", 3)
CLOUD_V2 = Face("/jira/rest/api/2", 2)
DATA_CENTER = Face("/jira-dc/rest/api/2", 2, data_center=True)


class UnauthorizedError(JiraError):
    """The one refusal that Jira words as a message with a status code."""

    def __init__(self) -> None:
        super().__init__(401)
        self.body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}


class Part:
    """One group of paths over the same state."""

    def __init__(self, state: JiraState, face: Face) -> None:
        self.state = state
        self.face = face
        self.shapes = Shapes(state, face.version, data_center=face.data_center)

    def caller(self, request: Request) -> User:
        """The account that the credentials belong to: basic authentication on Cloud, a bearer token on Data Center."""
        credentials = self.state.credentials
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        if self.face.data_center:
            is_right = kind.lower() == "bearer" and _same(
                sent, credentials.jira_personal_access_token.get_secret_value()
            )
        else:
            expected = f"{credentials.jira_email}:{credentials.jira_api_token.get_secret_value()}"
            is_right = kind.lower() == "basic" and _same(_decoded(sent), expected)
        if not is_right:
            raise UnauthorizedError
        return BOT

    def issue(self, id_or_key: str, permission: str = "BROWSE_PROJECTS") -> Issue:
        """The issue, or a refusal; what else the caller must be permitted is refused with 403."""
        issue = self.state.issue(id_or_key)
        if issue is None or not self.state.may(issue.project, "BROWSE_PROJECTS"):
            raise JiraError(404, [NO_ISSUE])
        self.require(issue.project, permission)
        return issue

    def project(self, id_or_key: str) -> Project:
        """The project, or a refusal."""
        project = self.state.project(id_or_key)
        if project is None or not self.state.may(project, "BROWSE_PROJECTS"):
            raise JiraError(404, [f"No project could be found with key '{id_or_key}'."])
        return project

    def require(self, project: Project, permission: str) -> None:
        """Refuse what the bot may not do."""
        if not self.state.may(project, permission):
            raise JiraError(403, [NO_PERMISSION])

    async def body(self, request: Request) -> Json:
        """The JSON object that was sent, with rich text and people as version 3 gives them."""
        try:
            content = json.loads(await request.body())
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise JiraError(400, ["Invalid request payload. Refer to the REST API documentation and try again."])
        if self.face.version == 2 and "body" in content:
            content["body"] = self._rich(content["body"])
        for step in (content.get("update") or {}).get("comment", []):
            if self.face.version == 2 and isinstance(step.get("add"), dict):
                step["add"]["body"] = self._rich(step["add"].get("body"))
        fields = content.get("fields")
        if isinstance(fields, dict):
            if self.face.version == 2 and fields.get("description") is not None:
                fields["description"] = self._rich(fields["description"])
            if self.face.data_center and isinstance(fields.get("assignee"), dict):
                fields["assignee"] = self._account(fields["assignee"])
        return content

    def user(self, name: str) -> User | None:
        """The account of this id, or on Data Center of this user name."""
        if self.face.data_center:
            return next((user for user in self.state.users if user.handle == name), None)
        return self.state.user(name)

    def _account(self, named: Json) -> Json:
        user = self.user(str(named.get("name", "")))
        return {"accountId": user.account_id if user is not None else ""}

    @staticmethod
    def _rich(value: object) -> object:
        # A document in version 2 is as wrong as plain text in version 3.
        return adf.document(value) if isinstance(value, str) and value else {} if not value else {"type": "no text"}


def request_expand(request: Request) -> set[str]:
    """What the caller asked to be expanded."""
    return set(request.query_params.get("expand", "").split(","))


def _same(sent: str, expected: str) -> bool:
    return compare_digest(sent.encode(), expected.encode())


def _decoded(sent: str) -> str:
    try:
        return base64.b64decode(sent, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
