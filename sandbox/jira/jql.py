"""The part of JQL that a bot needs: clauses over the fields it knows, joined by AND, OR and NOT, with an order.

What Jira would refuse is refused in Jira's words.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sandbox.jira.adf import plain_text
from sandbox.jira.state import COMPONENTS, ISSUE_TYPES, PRIORITIES, PROJECTS, STATUSES, Issue, Project, Status, User

Predicate = Callable[[Issue], bool]


class JqlError(Exception):
    """The query was refused; the text is Jira's message."""


@dataclass(frozen=True)
class Query:
    """A query that was understood."""

    matches: Predicate
    bounded: bool
    """Whether anything restricts the result: the enhanced search refuses queries without a restriction."""
    order: tuple[tuple[str, bool], ...]
    """Fields to sort by, each with whether it descends."""

    def apply(self, issues: list[Issue]) -> list[Issue]:
        """The matching issues in the query's order; newest first where it names none."""
        found = [issue for issue in issues if self.matches(issue)]
        for name, descending in reversed(self.order or (("id", True),)):
            found.sort(key=_SORT_KEYS[name], reverse=descending)
        return found


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
           |(?P<operator><=|>=|!=|!~|=|<|>|~)
           |(?P<punctuation>[(),])
           |(?P<word>[^\s"'=<>!~(),]+))""",
    re.VERBOSE,
)
_RESERVED = frozenset({"and", "or", "not", "in", "is", "empty", "null", "order", "by", "asc", "desc", "was", "changed"})


@dataclass(frozen=True)
class Known:
    """What a query may name, and the account's time zone, in which times that are written out are meant."""

    projects: Sequence[Project] = PROJECTS
    statuses: Sequence[Status] = STATUSES
    time_zone: tzinfo = UTC


def parse(text: str, now: datetime, user: User, known: Known | None = None) -> Query:
    """Understand a query; ``now`` anchors relative dates and ``user`` is ``currentUser()``.

    Raises:
        JqlError: Jira would answer 400 with this message.
    """
    return _Parser(_tokens(text), now, user, known or Known()).query()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()
            at = len(text) - len(rest)
            raise JqlError(f"Error in the JQL Query: The character '{rest[0]}' is invalid here. {_place(at)}")
        kind = match.lastgroup or ""
        raw = match.group(kind)
        value = re.sub(r"\\(.)", r"\1", raw[1:-1]) if kind == "string" else raw
        tokens.append(_Token(kind, value, match.start(kind)))
        position = match.end()
    return tokens


def _place(position: int) -> str:
    return f"(line 1, character {position + 1})"


class _Parser:
    def __init__(self, tokens: list[_Token], now: datetime, user: User, known: Known) -> None:
        self._known = known
        self._tokens = tokens
        self._at = 0
        self._now = now
        self._user = user

    def query(self) -> Query:
        bounded = bool(self._tokens) and not self._is_word("order")
        matches = self._either() if bounded else _everything
        order = self._order()
        if self._peek() is not None:
            raise self._unexpected("Expecting either 'OR' or 'AND' but got")
        return Query(matches, bounded, order)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == "word" and token.text.lower() == word

    def _take_word(self, word: str) -> bool:
        if self._is_word(word):
            self._at += 1
            return True
        return False

    def _take_punctuation(self, sign: str) -> bool:
        token = self._peek()
        if token is not None and token.kind == "punctuation" and token.text == sign:
            self._at += 1
            return True
        return False

    def _unexpected(self, words: str) -> JqlError:
        token = self._peek()
        if token is None:
            return JqlError(f"Error in the JQL Query: {words} the end of the query.")
        return JqlError(f"Error in the JQL Query: {words} '{token.text}'. {_place(token.position)}")

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._take_word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda issue: any(part(issue) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._take_word("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda issue: all(part(issue) for part in parts)

    def _one(self) -> Predicate:
        if self._take_word("not"):
            inner = self._one()
            return lambda issue: not inner(issue)
        if self._take_punctuation("("):
            inner = self._either()
            if not self._take_punctuation(")"):
                raise self._unexpected("Expecting ')' but got")
            return inner
        return self._clause()

    def _clause(self) -> Predicate:
        token = self._peek()
        if token is None or token.kind not in ("word", "string"):
            raise self._unexpected("Expecting a field name but got")
        if token.kind == "word" and token.text.lower() in _RESERVED:
            raise JqlError(
                f"Error in the JQL Query: '{token.text}' is a reserved JQL word. You must surround it in quotation "
                f"marks to use it in a query. {_place(token.position)}"
            )
        self._at += 1
        name = token.text
        read = _field(name)
        operator = self._operator(name)
        if operator in ("is", "is not"):
            if not (self._take_word("empty") or self._take_word("null")):
                raise JqlError(f"The operator '{operator}' only accepts 'EMPTY' or 'NULL' as operand.")
            wanted = operator == "is"
            return lambda issue: (not read(issue, "")) is wanted
        values = self._values(many=operator in ("in", "not in"))
        for value in values:
            _check_value(name, value, self._known)
        return self._comparison(name, operator, values)

    def _operator(self, name: str) -> str:
        token = self._peek()
        if token is not None and token.kind == "operator":
            self._at += 1
            return token.text
        if self._take_word("in"):
            return "in"
        if self._take_word("is"):
            return "is not" if self._take_word("not") else "is"
        if self._take_word("not"):
            if self._take_word("in"):
                return "not in"
            raise self._unexpected("Expecting 'IN' but got")
        raise self._unexpected(
            f"Expecting operator but got (after '{name}')" if token is None else "Expecting operator but got"
        )

    def _values(self, *, many: bool) -> list[str]:
        if not many:
            return [self._value()]
        if not self._take_punctuation("("):
            raise self._unexpected("Expecting '(' but got")
        values = [self._value()]
        while self._take_punctuation(","):
            values.append(self._value())
        if not self._take_punctuation(")"):
            raise self._unexpected("Expecting ')' but got")
        return values

    def _value(self) -> str:
        token = self._peek()
        if token is None or token.kind not in ("word", "string"):
            raise self._unexpected("Expecting either a value, list or function but got")
        self._at += 1
        if token.kind == "word" and self._take_punctuation("("):
            if not self._take_punctuation(")"):
                raise self._unexpected("Expecting ')' but got")
            return self._function(token)
        return token.text

    def _function(self, token: _Token) -> str:
        match token.text.lower():
            case "currentuser":
                return self._user.account_id
            case "now":
                return f"{self._now.astimezone(self._known.time_zone):%Y-%m-%d %H:%M}"
            case _:
                raise JqlError(f"Unable to find JQL function '{token.text}()'.")

    def _comparison(self, name: str, operator: str, values: list[str]) -> Predicate:
        read = _field(name)
        if name.lower() in _DATES:
            moments = [_moment(name, value, self._now, self._known.time_zone) for value in values]
            return _date_comparison(_DATES[name.lower()], name, operator, moments[0])
        if operator in ("~", "!~"):
            words = values[0].strip('"').lower().split()
            wanted = operator == "~"
            return lambda issue: all(any(w in text for text in read(issue, values[0])) for w in words) is wanted
        if operator in ("=", "in"):
            return lambda issue: any(value.lower() in read(issue, value) for value in values)
        if operator in ("!=", "not in"):
            # As in Jira, an empty field matches neither a value nor its opposite.
            return lambda issue: bool(read(issue, "")) and not any(v.lower() in read(issue, v) for v in values)
        if name.lower() in ("id", "key", "issue", "issuekey"):
            bound = int(re.sub(r"\D", "", values[0]) or 0)
            return lambda issue: _ordered(operator, _key_number(issue), bound)
        raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._take_word("order"):
            return ()
        if not self._take_word("by"):
            raise self._unexpected("Expecting 'by' but got")
        order = [self._order_field()]
        while self._take_punctuation(","):
            order.append(self._order_field())
        return tuple(order)

    def _order_field(self) -> tuple[str, bool]:
        token = self._peek()
        if token is None:
            raise self._unexpected("Expecting a field name but got")
        self._at += 1
        name = token.text.lower()
        if name not in _SORT_KEYS:
            raise JqlError(f"Field '{token.text}' does not exist or you do not have permission to view it.")
        if self._take_word("desc"):
            return name, True
        return name, not self._take_word("asc") and name in ("created", "updated")


def _everything(_issue: Issue) -> bool:
    return True


def _key_number(issue: Issue) -> int:
    return int(issue.key.rsplit("-", 1)[1])


def _ordered(operator: str, left: Any, right: Any) -> bool:
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


def _person(user: User | None) -> list[str]:
    return [user.account_id.lower(), user.display_name.lower()] if user else []


# Each reader gives the values (lower case) that a clause of that field may equal.
_READERS: dict[str, Callable[[Issue], list[str]]] = {
    "project": lambda issue: [issue.project.id, issue.project.key.lower(), issue.project.name.lower()],
    "key": lambda issue: [issue.id, issue.key.lower()],
    "labels": lambda issue: [label.lower() for label in issue.labels],
    "status": lambda issue: [issue.status.id, issue.status.name.lower()],
    "statuscategory": lambda issue: [
        str(issue.status.category.id),
        issue.status.category.key,
        issue.status.category.name.lower(),
    ],
    "issuetype": lambda issue: [issue.issue_type.id, issue.issue_type.name.lower()],
    "priority": lambda issue: [issue.priority.id, issue.priority.name.lower()],
    "component": lambda issue: [value for c in issue.components for value in (c.id, c.name.lower())],
    "resolution": lambda issue: [issue.resolution.id, issue.resolution.name.lower()] if issue.resolution else [],
    "assignee": lambda issue: _person(issue.assignee),
    "reporter": lambda issue: _person(issue.reporter),
    "summary": lambda issue: [issue.summary.lower()],
    "description": lambda issue: [plain_text(issue.description).lower()] if issue.description else [],
    "text": lambda issue: [
        issue.summary.lower(),
        plain_text(issue.description).lower(),
        *(plain_text(comment.body).lower() for comment in issue.comments),
    ],
    "created": lambda issue: [str(issue.created)],
    "updated": lambda issue: [str(issue.updated)],
    "resolved": lambda issue: [str(issue.resolved)] if issue.resolved else [],
}
_ALIASES = {
    "id": "key",
    "issue": "key",
    "issuekey": "key",
    "type": "issuetype",
    "creator": "reporter",
    "components": "component",
    "createddate": "created",
    "updateddate": "updated",
    "resolutiondate": "resolved",
}
_DATES: dict[str, Callable[[Issue], datetime | None]] = {
    "created": lambda issue: issue.created,
    "createddate": lambda issue: issue.created,
    "updated": lambda issue: issue.updated,
    "updateddate": lambda issue: issue.updated,
    "resolved": lambda issue: issue.resolved,
    "resolutiondate": lambda issue: issue.resolved,
}
_SORT_KEYS: dict[str, Callable[[Issue], Any]] = {
    "id": lambda issue: int(issue.id),
    "key": _key_number,
    "issuekey": _key_number,
    "created": lambda issue: (issue.created, int(issue.id)),
    "updated": lambda issue: (issue.updated, int(issue.id)),
    "priority": lambda issue: -int(issue.priority.id),
    "status": lambda issue: issue.status.name,
    "summary": lambda issue: issue.summary,
}
_PROPERTY = re.compile(r"issue\.property\[(?P<key>[^\]]+)\](?:\.(?P<path>.+))?", re.IGNORECASE)


def _field(name: str) -> Callable[[Issue, str], list[str]]:
    property_ = _PROPERTY.fullmatch(name)
    if property_ is not None:
        key, path = property_["key"], property_["path"] or ""
        return lambda issue, _value: _property_values(issue, key, path)
    reader = _READERS.get(_ALIASES.get(name.lower(), name.lower()))
    if reader is None:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
    return lambda issue, _value: reader(issue)


def _property_values(issue: Issue, key: str, path: str) -> list[str]:
    value = issue.properties.get(key)
    for part in path.split(".") if path else []:
        value = value.get(part) if isinstance(value, dict) else None
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() for item in values if item is not None]


def _check_value(name: str, value: str, site: Known) -> None:
    known: list[str] | None = None
    match _ALIASES.get(name.lower(), name.lower()):
        case "project":
            known = [x for project in site.projects for x in (project.id, project.key, project.name)]
        case "status":
            known = [x for status in site.statuses for x in (status.id, status.name)]
        case "issuetype":
            known = [x for kind in ISSUE_TYPES for x in (kind.id, kind.name)]
        case "priority":
            known = [x for priority in PRIORITIES for x in (priority.id, priority.name)]
        case "component":
            known = [x for component in COMPONENTS for x in (component.id, component.name)]
    if known is not None and value.lower() not in [x.lower() for x in known]:
        raise JqlError(f"The value '{value}' does not exist for the field '{name}'.")


_RELATIVE = re.compile(r"(?P<sign>[+-]?)(?P<parts>(?:\d+[wdhm]\s*)+)")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


def _moment(name: str, value: str, now: datetime, time_zone: tzinfo = UTC) -> datetime:
    relative = _RELATIVE.fullmatch(value.strip())
    if relative is not None:
        sign = -1 if relative["sign"] == "-" else 1
        parts = re.findall(r"(\d+)([wdhm])", relative["parts"])
        return now + sign * sum((timedelta(**{_UNITS[u]: int(n)}) for n, u in parts), timedelta())
    if value.isdigit():
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    for form in _FORMATS:
        try:
            return datetime.strptime(value, form).replace(tzinfo=time_zone)
        except ValueError:
            continue
    raise JqlError(
        f"Date value '{value}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )


def _date_comparison(read: Callable[[Issue], datetime | None], name: str, operator: str, moment: datetime) -> Predicate:
    if operator not in ("<", "<=", ">", ">=", "="):
        raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
    effective = ">=" if operator == "=" else operator

    def compare(issue: Issue) -> bool:
        value = read(issue)
        return value is not None and _ordered(effective, value, moment)

    return compare
