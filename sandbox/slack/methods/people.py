"""``users.*`` and ``usergroups.*``."""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.methods.paging import page_metadata, page_of
from sandbox.slack.state import SlackState

LIST_LIMIT = 200


def _without_email(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "profile": {name: value for name, value in shape["profile"].items() if name != "email"}}


def _shape(state: SlackState, user_id: str) -> dict[str, Any]:
    together = any({user_id, BOT_USER_ID} <= set(channel.members) for channel in state.channels.values())
    shape = state.user(user_id).to_json(state.credentials.slack_app_id, shares_channel=together)
    return shape if "users:read.email" in state.scopes else _without_email(shape)


def user_info(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``users.info``."""
    return {"user": _shape(state, arguments.required("user"))}


def list_users(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``users.list``."""
    ours = [user.id for user in state.users.values() if not user.is_stranger]
    shown, cursor = page_of(ours, arguments, LIST_LIMIT)
    members = [_shape(state, user_id) for user_id in shown]
    return {"members": members, "cache_ts": int(state.clock()), **page_metadata(cursor)}


def lookup_by_email(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``users.lookupByEmail``."""
    email = arguments.required("email").lower()
    for user in state.users.values():
        if not user.is_bot and not user.is_stranger and user.email == email:
            return {"user": _shape(state, user.id)}
    raise SlackError("users_not_found")


def list_groups(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``usergroups.list``."""
    groups = []
    for group in state.user_groups.values():
        shape = group.to_json()
        if arguments.flag("include_users"):
            shape["users"] = list(group.users)
        groups.append(shape)
    return {"usergroups": groups}


def list_group_users(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``usergroups.users.list``."""
    group = state.user_groups.get(arguments.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


PEOPLE = (
    Method("users.info", user_info, "users:read"),
    Method("users.list", list_users, "users:read"),
    Method("users.lookupByEmail", lookup_by_email, "users:read.email"),
    Method("usergroups.list", list_groups, "usergroups:read"),
    Method("usergroups.users.list", list_group_users, "usergroups:read"),
)
