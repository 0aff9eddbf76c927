"""Who and what there is in the local Slack workspace: people, channels and user groups."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

TEAM_ID = "T0ACME"
TEAM_DOMAIN = "acme"
STRANGER_TEAM_ID = "T0CARDNET"
STRANGER_TEAM_DOMAIN = "cardnet"
# The workspace on the other side of the shared channel is a vendor's.
BOT_USER_ID = "U0TIERLINE"
BOT_ID = "B0TIERLINE"
SLACKBOT_USER_ID = "USLACKBOT"
WORKSPACE_CREATED = 1735689600
TIMEZONE_LABELS = {
    "Europe/Berlin": "Central European Time",
    "America/New_York": "Eastern Time",
    "Asia/Kolkata": "India Standard Time",
}


@dataclass(frozen=True)
class User:
    """A member of the workspace, with the fields of Slack's user object that apps read."""

    id: str
    name: str
    real_name: str
    title: str = ""
    is_bot: bool = False
    team_id: str = TEAM_ID
    timezone: str = "Europe/Berlin"

    @property
    def is_stranger(self) -> bool:
        """Whether it is somebody of another company, met in a shared channel."""
        return self.team_id != TEAM_ID

    def to_json(self, app_id: str, *, shares_channel: bool) -> dict[str, Any]:
        """Slack's user object (https://docs.slack.dev/reference/objects/user-object): ``is_stranger`` is false for a person of
        another company who is in a channel with the app.
        """
        profile: dict[str, Any] = {
            "title": self.title,
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "status_text": "",
            "status_emoji": "",
            "team": self.team_id,
        }
        if self.is_bot:
            profile |= {"bot_id": BOT_ID, "api_app_id": app_id, "always_active": True}
        elif not self.is_stranger:
            # Slack does not show the addresses of another company's people.
            profile["email"] = self.email
        offset = datetime.now(ZoneInfo(self.timezone)).utcoffset() or timedelta()
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": False,
            "real_name": self.real_name,
            "tz": self.timezone,
            "tz_label": TIMEZONE_LABELS[self.timezone],
            "tz_offset": int(offset.total_seconds()),
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": False,
            "is_bot": self.is_bot,
            "is_stranger": self.is_stranger and not shares_channel,
            "is_app_user": False,
            "updated": WORKSPACE_CREATED,
        }

    @property
    def email(self) -> str:
        """The address in the profile, always in a reserved domain."""
        return f"{self.name}@acme.example"


@dataclass
class Channel:
    """A public or private channel, or a direct message between the bot and one person."""

    id: str
    name: str
    topic: str = ""
    is_im: bool = False
    user: str | None = None
    members: list[str] = field(default_factory=list)
    purpose: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_shared: bool = False
    """Whether another company's workspace is in it (Slack Connect)."""
    creator: str = "U0LENA"
    created: int = WORKSPACE_CREATED

    @property
    def kind(self) -> str:
        """Slack's word for it in the scopes' names: ``channels``, ``groups`` (private) or ``im``."""
        return "im" if self.is_im else "groups" if self.is_private else "channels"

    def to_json(self) -> dict[str, Any]:
        """Slack's conversation object (https://docs.slack.dev/reference/objects/conversation-object)."""
        if self.is_im:
            return {
                "id": self.id,
                "created": WORKSPACE_CREATED,
                "is_archived": False,
                "is_im": True,
                "is_org_shared": False,
                "user": self.user,
                "is_user_deleted": False,
                "priority": 0,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": False,
            "is_shared": self.is_shared,
            "is_ext_shared": self.is_shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "is_member": BOT_USER_ID in self.members,
            "created": self.created,
            "creator": self.creator,
            "unlinked": 0,
            "context_team_id": TEAM_ID,
            "shared_team_ids": [TEAM_ID, STRANGER_TEAM_ID] if self.is_shared else [TEAM_ID],
            "topic": {"value": self.topic, "creator": self.creator, "last_set": self.created},
            "purpose": {"value": self.purpose or self.topic, "creator": self.creator, "last_set": self.created},
            "previous_names": [],
            "num_members": len(self.members),
        }


@dataclass(frozen=True)
class UserGroup:
    """A user group (``@support-leads``) and its members."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Slack's user group object."""
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "name": self.name,
            "description": "",
            "handle": self.handle,
            "is_external": False,
            "date_create": WORKSPACE_CREATED,
            "date_update": WORKSPACE_CREATED,
            "date_delete": 0,
            "auto_type": None,
            "created_by": "U0LENA",
            "updated_by": "U0LENA",
            "deleted_by": None,
            "prefs": {"channels": [], "groups": []},
            "user_count": len(self.users),
        }


@dataclass(frozen=True)
class Shortcut:
    """A shortcut of the app's manifest: on a message, or anywhere (``global``)."""

    callback_id: str
    name: str
    type: Literal["message", "global"]


SHORTCUTS = (
    Shortcut("escalate_message", "Escalate this", "message"),
    Shortcut("send_to_customer", "Send to the customer", "message"),
    Shortcut("escalate", "Escalate a ticket", "global"),
)


def seed_users() -> dict[str, User]:
    """The people of acme, the bot, and a person of another company, by id."""
    users = (
        User("U0LENA", "lena", "Lena Hartmann", "Support lead"),
        User("U0SAM", "sam", "Sam Okafor", "Support agent, L1"),
        User("U0TOM", "tom", "Tom Lindqvist", "Support agent, L2"),
        User("U0ADA", "ada", "Ada Moreau", "Engineer, on call", timezone="America/New_York"),
        User("U0EVE", "eve", "Eve Castillo", "Sales"),
        User("U0KIRAN", "kiran", "Kiran Rao", "Cardnet, a vendor", team_id=STRANGER_TEAM_ID, timezone="Asia/Kolkata"),
        User(BOT_USER_ID, "tierline", "Tierline", is_bot=True),
    )
    return {user.id: user for user in users}


def seed_channels(users: Collection[User]) -> dict[str, Channel]:
    """The channels of acme by id; everybody of acme is in all of them, and strangers in the shared one."""
    everybody = [user.id for user in users]
    members = [user.id for user in users if not user.is_stranger]
    channels = (
        Channel("C0SUPL1", "support-l1", "Frontline support", members=list(members)),
        Channel("C0SUPL2", "support-l2", "Technical support", members=list(members)),
        Channel("C0ENG", "engineering", "Escalations to engineering", members=list(members)),
        Channel("C0VENDORS", "vendors", "What vendors owe us", members=list(members)),
        Channel("C0LEADS", "support-leads", "Notices to the leads, and the weekly digest", members=list(members)),
        Channel("C0CARDNET", "ext-cardnet", "Shared with Cardnet", members=everybody, is_shared=True),
    )
    return {channel.id: channel for channel in channels}


def seed_user_groups() -> dict[str, UserGroup]:
    """The user groups of acme by id."""
    groups = (
        UserGroup("S0LEADS", "leads", "Support leads", ("U0LENA",)),
        UserGroup("S0AGENTL1", "l1", "Support L1", ("U0SAM",)),
        UserGroup("S0AGENTL2", "l2", "Support L2", ("U0TOM",)),
        UserGroup("S0ENGINEERS", "engineers", "Engineering", ("U0ADA",)),
    )
    return {group.id: group for group in groups}
