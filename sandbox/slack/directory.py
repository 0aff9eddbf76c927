"""Who and what there is in the local Slack workspace: people, channels and user groups."""

from dataclasses import dataclass, field
from typing import Any

TEAM_ID = "T0ACME"
TEAM_DOMAIN = "acme"
BOT_USER_ID = "U0TIERLINE"
BOT_ID = "B0TIERLINE"
SLACKBOT_USER_ID = "USLACKBOT"
WORKSPACE_CREATED = 1735689600


@dataclass(frozen=True)
class User:
    """A member of the workspace, with the fields of Slack's user object that apps read."""

    id: str
    name: str
    real_name: str
    title: str = ""
    is_bot: bool = False

    def to_json(self, app_id: str) -> dict[str, Any]:
        """Slack's user object (https://docs.slack.dev/reference/objects/user-object)."""
        profile: dict[str, Any] = {
            "title": self.title,
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "status_text": "",
            "status_emoji": "",
            "team": TEAM_ID,
        }
        if self.is_bot:
            profile |= {"bot_id": BOT_ID, "api_app_id": app_id, "always_active": True}
        else:
            profile["email"] = self.email
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "name": self.name,
            "deleted": False,
            "real_name": self.real_name,
            "tz": "Europe/Berlin",
            "tz_label": "Central European Time",
            "tz_offset": 3600,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": WORKSPACE_CREATED,
        }

    @property
    def email(self) -> str:
        """The address in the profile, always in a reserved domain."""
        return f"{self.name}@acme.example"


@dataclass
class Channel:
    """A public channel, or a direct message between the bot and one person."""

    id: str
    name: str
    topic: str = ""
    is_im: bool = False
    user: str | None = None
    members: list[str] = field(default_factory=list)

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
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": False,
            "is_archived": False,
            "is_general": False,
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "is_member": BOT_USER_ID in self.members,
            "created": WORKSPACE_CREATED,
            "creator": "U0LENA",
            "unlinked": 0,
            "context_team_id": TEAM_ID,
            "topic": {"value": self.topic, "creator": "U0LENA", "last_set": WORKSPACE_CREATED},
            "purpose": {"value": self.topic, "creator": "U0LENA", "last_set": WORKSPACE_CREATED},
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


def seed_users() -> dict[str, User]:
    """The people of acme and the bot, by id."""
    users = (
        User("U0LENA", "lena", "Lena Hartmann", "Support lead"),
        User("U0SAM", "sam", "Sam Okafor", "Support agent, L1"),
        User("U0TOM", "tom", "Tom Lindqvist", "Support agent, L2"),
        User("U0ADA", "ada", "Ada Moreau", "Engineer, on call"),
        User("U0EVE", "eve", "Eve Castillo", "Sales"),
        User(BOT_USER_ID, "tierline", "Tierline", is_bot=True),
    )
    return {user.id: user for user in users}


def seed_channels(members: list[str]) -> dict[str, Channel]:
    """The channels of acme by id; everybody is in all of them."""
    channels = (
        Channel("C0SUPL1", "support-l1", "Frontline support", members=list(members)),
        Channel("C0SUPL2", "support-l2", "Technical support", members=list(members)),
        Channel("C0ENG", "engineering", "Escalations to engineering", members=list(members)),
        Channel("C0VENDORS", "vendors", "What vendors owe us", members=list(members)),
        Channel("C0LEADS", "support-leads", "Notices to the leads, and the weekly digest", members=list(members)),
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
