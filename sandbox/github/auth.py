"""Who calls the local GitHub: a personal access token, the App's JSON web token, or an installation's token."""

from collections.abc import Sequence
from datetime import timedelta
from secrets import compare_digest
from typing import Any

import jwt

from sandbox.github.state import APP_BOT, BOT, Account, GitHubState, InstallationToken

_DOCS = "https://docs.github.com/rest"
# GitHub takes a JSON web token that lives for at most ten minutes; a little drift of clocks is let pass.
_JWT_LIFE = timedelta(minutes=10)
_DRIFT = timedelta(seconds=60)


class GitHubError(Exception):
    """A refusal in GitHub's words."""

    def __init__(self, status: int, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(status, message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "documentation_url": _DOCS, "status": str(status)}
        if errors:
            self.body["errors"] = list(errors)


def _token(header: str | None) -> str:
    kind, _, token = (header or "").partition(" ")
    if kind.lower() not in ("token", "bearer") or not token:
        raise GitHubError(401, "Requires authentication")
    return token.strip()


def caller(state: GitHubState, header: str | None) -> Account:
    """The account that a request's ``Authorization`` header stands for.

    Raises:
        GitHubError: 401, nobody's or an expired one.
    """
    token = _token(header)
    if compare_digest(token.encode(), state.credentials.github_token.get_secret_value().encode()):
        return BOT
    if installation_token(state, header) is not None:
        return APP_BOT
    raise GitHubError(401, "Bad credentials")


def installation_token(state: GitHubState, header: str | None) -> InstallationToken | None:
    """The installation's token that a request comes with; None where it is nobody's, an expired one, or a person's."""
    token, now = _token(header).encode(), state.clock()
    for known in state.tokens:
        if compare_digest(token, known.token.encode()) and known.expires_at > now:
            return known
    return None


def require_app(state: GitHubState, header: str | None) -> None:
    """Check the App's own JSON web token.

    Raises:
        GitHubError: 401, it is none of this App's, or is out of its time.
    """
    try:
        # The times are checked below against the sandbox's own clock.
        claims = jwt.decode(
            _token(header),
            state.app_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_iss": False, "verify_aud": False},
        )
    except jwt.PyJWTError:
        raise GitHubError(401, "A JSON web token could not be decoded") from None
    now = state.clock().timestamp()
    expires, issued = float(claims.get("exp", 0)), float(claims.get("iat", 0))
    if expires <= now:
        raise GitHubError(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
    if expires > now + (_JWT_LIFE + _DRIFT).total_seconds():
        raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")
    if issued > now + _DRIFT.total_seconds():
        raise GitHubError(401, "'Issued at' claim ('iat') must be an Integer representing the time of the assertion")
    if str(claims.get("iss")) != state.credentials.github_app_id:
        raise GitHubError(401, "Integration not found")
