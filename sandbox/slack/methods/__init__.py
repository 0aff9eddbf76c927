"""The methods of Slack's Web API, one file per family. `METHODS` finds one by its name."""

from sandbox.slack.methods.bookmarks import BOOKMARKS
from sandbox.slack.methods.chat import CHAT
from sandbox.slack.methods.conversations import CONVERSATIONS
from sandbox.slack.methods.files import FILES
from sandbox.slack.methods.identity import IDENTITY
from sandbox.slack.methods.method import Method
from sandbox.slack.methods.people import PEOPLE
from sandbox.slack.methods.pins import PINS
from sandbox.slack.methods.reactions import REACTIONS
from sandbox.slack.methods.rooms import ROOMS
from sandbox.slack.methods.views import VIEWS

METHODS: dict[str, Method] = {
    method.name: method
    for family in (IDENTITY, CHAT, CONVERSATIONS, ROOMS, BOOKMARKS, PINS, FILES, PEOPLE, REACTIONS, VIEWS)
    for method in family
}
