"""How a call to Slack fails, in the words of ``integrations.errors``."""

import http.client
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from slack_sdk.errors import SlackApiError, SlackClientError

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.http_status import failure_of_status, waiting_time

SYSTEM = "slack"

_CODE = re.compile(r"[a-z][a-z0-9_]{2,60}")
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})

_NOT_ACCEPTED = "the bot token is not accepted; install the app again and set TIERLINE_SLACK__BOT_TOKEN"
_WORDS = {
    "invalid_auth": _NOT_ACCEPTED,
    "not_authed": _NOT_ACCEPTED,
    "token_revoked": _NOT_ACCEPTED,
    "token_expired": _NOT_ACCEPTED,
    "account_inactive": _NOT_ACCEPTED,
    "channel_not_found": "there is no such channel, or the bot may not see it; correct the policy or invite the bot",
    "not_in_channel": "the bot is not in the channel; invite it with /invite",
    "is_archived": "the channel is archived; name another in the policy",
    "message_not_found": "the message is gone (somebody deleted it)",
    "thread_not_found": "the thread is gone (somebody deleted its first message)",
    "cant_update_message": "the message was written by another app, so it cannot be updated",
    "edit_window_closed": "the workspace does not let messages be edited any more after this time",
    "user_not_found": "there is no such user",
    "users_not_found": "there is no such user",
    "restricted_action": "the workspace does not let the bot post there; ask an admin of the workspace",
    "name_taken": "another channel has that name; rename or delete it",
    "cannot_create_channel": "the workspace does not let the bot make channels; ask an admin of the workspace",
    "invalid_name_specials": "the channel's name is not allowed; change severity_channel.prefix in the policy",
    "cant_archive_required": "the workspace needs this channel, so it cannot be archived",
    "no_such_subteam": "there is no such user group",
    "cannot_dm_bot": "bots get no direct messages; name a person in the policy",
    "user_disabled": "that user's account is closed; name another person in the policy",
    "invalid_blocks": "it refused the message's blocks; report this as a bug of Tierline",
    "msg_too_long": "the message is too long; report this as a bug of Tierline",
}


@contextmanager
def slack_failures() -> Iterator[None]:
    """Turn what the SDK raises within the block into an ``IntegrationError``."""
    try:
        yield
    except SlackApiError as error:
        raise _api_failure(error) from None
    except SlackClientError as error:
        raise PermanentFailure(SYSTEM, f"the call could not be made ({type(error).__name__})") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise PassingFailure(SYSTEM, f"did not answer ({type(error).__name__}); it is tried again") from None


def _api_failure(error: SlackApiError) -> IntegrationError:
    response = error.response
    status = int(response.status_code)
    headers: Mapping[str, str] = response.headers
    answer = response.data if isinstance(response.data, Mapping) else {}
    # Where the body is no JSON the SDK puts the body itself into ``error``: that goes nowhere.
    said = str(answer.get("error", ""))
    code = said if _CODE.fullmatch(said) else None
    if code in _RATE_LIMITED:
        wait = waiting_time(headers)
        return RateLimited(SYSTEM, f"asks us to wait {wait.total_seconds():.0f} s ({code})", retry_after=wait)
    if code in _PASSING:
        return PassingFailure(SYSTEM, f"could not serve the call ({code}); it is tried again")
    if code == "missing_scope":
        needed = str(answer.get("needed", ""))
        scope = needed if re.fullmatch(r"[a-z:._,]{1,80}", needed) else "it asks for"
        return PermanentFailure(
            SYSTEM, f"the app lacks the scope {scope}; add it and reinstall", status=status, code=code
        )
    if status == 200 and code is None:
        return PassingFailure(SYSTEM, "gave an answer that is not Slack's (a proxy?); it is tried again")
    refusal = _WORDS.get(code or "", f"refused the call ({code or f'HTTP {status}'})")
    if status == 200:
        return PermanentFailure(SYSTEM, refusal, status=status, code=code)
    if status == 401:
        refusal = _NOT_ACCEPTED
    return failure_of_status(SYSTEM, status, headers, refusal, code=code)
