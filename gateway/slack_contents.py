"""What a message of Slack's holds: more than its ``text``. Words, blocks, messages that were forwarded in it, files.

What cannot be read is named in brackets, so that whoever reads the ticket knows that there is more in Slack. Formats:
https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/objects/file-object; an attachment that carries a
forwarded message has ``is_share`` and, beside its ``text``, the message's blocks and files.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.chat import FileLink
from domain.clean_text import clean_text
from gateway.payloads import at, text_at
from integrations.slack.mrkdwn import escaped

MOST_FILES = 10
_LONGEST = 200_000
"""Slack's own limit is 40,000 characters; escaped ones are longer."""
_DEEPEST = 8
_HIDDEN = {
    "tombstone": "a file that was deleted",
    "hidden_by_limit": "a file that Slack hides, because the workspace's plan keeps no older ones",
}
_NO_ACCESS = frozenset({"access_denied", "file_not_found"})
_CHECK = "check_file_info"
_WORDLESS = frozenset({"divider", "actions", "input", "context_actions"})
"""Blocks in which nobody says anything."""


@dataclass(frozen=True)
class Contents:
    """``words`` are in Slack's text format, as are notes on what could not be read; ``unread_files`` are the ids of files, of another
    company's workspace, about which Slack is to be asked. A file stands once in one of the two.
    """

    words: str = ""
    files: tuple[FileLink, ...] = ()
    unread_files: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.words or self.files or self.unread_files)


NOTHING = Contents()


def contents_of(message: object) -> Contents:
    """What the message holds, forwarded messages included. Previews of links are none of its author's words."""
    words = [_own_words(message)]
    files = _listed(message, "files")
    for attachment in _listed(message, "attachments"):
        if _is_preview(attachment, words[0]):
            continue
        words.append(_attached(attachment))
        files += _listed(attachment, "files")
    read, unread, notes = _sorted(files)
    said = "\n".join(part for part in (*words, *notes) if part.strip())
    return Contents(words=said.strip(), files=read, unread_files=unread)


def file_link(file: object) -> FileLink | None:
    """A file as a link; None where Slack does not tell its address."""
    url = text_at(file, "permalink") or text_at(file, "url_private", longest=2_000)
    if url is None:
        return None
    return FileLink(
        name=text_at(file, "name", longest=200) or "without a name",
        url=url,
        id=text_at(file, "id"),
        download=text_at(file, "url_private_download", longest=2_000),
    )


def note(words: str) -> str:
    """A remark of Tierline's own within a person's words."""
    return f"[{escaped(words)}]"


def _own_words(message: object) -> str:
    """The text and, of the blocks, what the text does not hold. Slack writes into a person's ``text`` what their rich text says."""
    text, blocks = text_at(message, "text", longest=_LONGEST), _listed(message, "blocks")
    if text is None:
        return _of_blocks(blocks)
    beside = [block for block in blocks if text_at(block, "type") != "rich_text"]
    if text_at(message, "bot_id") is not None:
        # An app's text stands for its blocks.
        return text
    return "\n".join(part for part in (text, _of_blocks(beside)) if part)


def _is_preview(attachment: object, words: str) -> bool:
    """Whether Slack or an app added it to a link in the words: nobody wrote it here."""
    linked = text_at(attachment, "from_url", longest=2_000) or text_at(attachment, "original_url", longest=2_000)
    if linked is None or at(attachment, "is_share") is True:
        return False
    # Another message is forwarded, or its link was pasted.
    return escaped(linked) in words if _is_message(attachment) else True


def _is_message(attachment: object) -> bool:
    return (
        at(attachment, "is_share") is True
        or at(attachment, "is_msg_unfurl") is True
        or at(attachment, "message_blocks") is not None
    )


def _attached(attachment: object) -> str:
    """The words of a forwarded message with who wrote it, or those of another attachment."""
    parts = [text_at(attachment, name, longest=_LONGEST) for name in ("pretext", "title", "text")]
    words = "\n".join(part for part in parts if part)
    if not words:
        words = "\n".join(
            _own_words(at(each, "message")) for each in _listed(attachment, "message_blocks")
        ).strip() or _of_blocks(_listed(attachment, "blocks"))
    fields = [_field(each) for each in _listed(attachment, "fields")]
    words = "\n".join(part for part in (words, *fields) if part)
    author = text_at(attachment, "author_name") or text_at(attachment, "author_subname")
    if _is_message(attachment):
        said = f": {words}" if words else ""
        return f"[forwarded{f', from {escaped(author)}' if author else ''}{said}]"
    if not words:
        words = text_at(attachment, "fallback", longest=_LONGEST) or ""
    return words or note("an attachment in Slack that Tierline cannot read")


def _field(field: object) -> str:
    title, value = text_at(field, "title", longest=_LONGEST), text_at(field, "value", longest=_LONGEST)
    return ": ".join(part for part in (title, value) if part)


def _sorted(files: list[object]) -> tuple[tuple[FileLink, ...], tuple[str, ...], list[str]]:
    """The files that can be linked, those to ask Slack about, and what is said of the others."""
    read: list[FileLink] = []
    unread: list[str] = []
    notes: list[str] = []
    for file in files:
        file_id, hidden = text_at(file, "id"), _HIDDEN.get(text_at(file, "mode") or "")
        access = text_at(file, "file_access")
        if hidden is not None:
            notes.append(note(hidden))
        elif access in _NO_ACCESS:
            notes.append(note(f"a file that Slack does not show to Tierline: {file_id or 'without an id'}"))
        elif len(read) + len(unread) >= MOST_FILES:
            continue
        elif (link := file_link(file)) is not None:
            read.append(link)
        elif access == _CHECK and file_id is not None:
            unread.append(file_id)
        else:
            notes.append(note(f"a file that Tierline cannot read: {file_id or 'without an id'}"))
    left = len(files) - len(read) - len(unread) - len(notes)
    if left:
        notes.append(note(f"{left} more {'file' if left == 1 else 'files'} in Slack"))
    return tuple(read), tuple(unread), notes


# --- blocks -------------------------------------------------------------------------------------------------------


def _of_blocks(blocks: list[object]) -> str:
    return "\n".join(part for block in blocks if (part := _block(block)))


def _block(block: object) -> str:
    kind = text_at(block, "type") or "part"
    match kind:
        case "rich_text":
            return "\n".join(_rich(element, 0) for element in _listed(block, "elements"))
        case "section" | "header":
            texts = [_text_object(at(block, "text")), *(_text_object(each) for each in _listed(block, "fields"))]
            return "\n".join(text for text in texts if text)
        case "markdown":
            return escaped(text_at(block, "text", longest=_LONGEST) or "")
        case "context":
            shown = [_text_object(each) or _picture(each) for each in _listed(block, "elements")]
            return " ".join(each for each in shown if each)
        case "image":
            return _picture(block)
        case "video":
            return f"{_text_object(at(block, 'title'))} {_link(text_at(block, 'video_url', longest=2_000))}".strip()
        case "table":
            return "\n".join(" | ".join(_cell(cell) for cell in _cells(row)) for row in _listed(block, "rows"))
        case _ if kind in _WORDLESS:
            return ""
        case _:
            return note(f"a Slack {kind.replace('_', ' ')} that Tierline cannot read")


def _cells(row: object) -> list[object]:
    return row if isinstance(row, list) else []


def _cell(cell: object) -> str:
    if text_at(cell, "type") == "rich_text":
        return _block(cell).replace("\n", " ")
    return escaped(text_at(cell, "text", longest=_LONGEST) or "")


def _text_object(text: object) -> str:
    """A text object; ``plain_text`` is not escaped by Slack."""
    words = text_at(text, "text", longest=_LONGEST) or ""
    return words if text_at(text, "type") == "mrkdwn" else escaped(words)


def _picture(image: object) -> str:
    if text_at(image, "type") != "image":
        return ""
    words = escaped(text_at(image, "alt_text", longest=2_000) or "a picture")
    address = text_at(image, "image_url", longest=2_000)
    return f"[picture: {words}{f' {_link(address)}' if address else ''}]"


def _link(address: str | None) -> str:
    return f"<{escaped(address)}>" if address else ""


def _rich(element: object, depth: int) -> str:
    """A part of rich text (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block)."""
    inside = _listed(element, "elements")
    if depth > _DEEPEST:
        return note("more in Slack")
    kind = text_at(element, "type") or "part"
    match kind:
        case "rich_text_section" | "rich_text_preformatted":
            return "".join(_rich(each, depth + 1) for each in inside)
        case "rich_text_quote":
            return "> " + "".join(_rich(each, depth + 1) for each in inside).replace("\n", "\n> ")
        case "rich_text_list":
            return "\n".join(_items(element, inside, depth))
        case _:
            return _rich_leaf(element, kind)


def _items(element: object, inside: list[object], depth: int) -> Iterator[str]:
    indent = at(element, "indent")
    before = "  " * min(indent, _DEEPEST) if isinstance(indent, int) else ""
    ordered = text_at(element, "style") == "ordered"
    for number, each in enumerate(inside, start=1):
        yield f"{before}{f'{number}.' if ordered else '•'} {_rich(each, depth + 1)}"


def _rich_leaf(element: object, kind: str) -> str:
    match kind:
        case "text":
            # Not ``text_at``, which takes the blanks between two elements away.
            words = at(element, "text")
            return escaped(clean_text(words[:_LONGEST])) if isinstance(words, str) else ""
        case "link":
            address, words = text_at(element, "url", longest=2_000), text_at(element, "text", longest=_LONGEST)
            return f"<{escaped(address)}{f'|{escaped(words)}' if words else ''}>" if address else escaped(words or "")
        case "user":
            return f"<@{text_at(element, 'user_id') or 'somebody'}>"
        case "usergroup":
            return f"<!subteam^{text_at(element, 'usergroup_id') or 'a group'}>"
        case "channel":
            return f"<#{text_at(element, 'channel_id') or 'a channel'}>"
        case "broadcast":
            return f"<!{text_at(element, 'range') or 'here'}>"
        case "emoji":
            return f":{text_at(element, 'name') or 'emoji'}:"
        case "color":
            return text_at(element, "value") or ""
        case "date":
            fallback = text_at(element, "fallback")
            return f"<!date^{text_at(element, 'timestamp') or ''}^{f'|{escaped(fallback)}' if fallback else ''}>"
        case _:
            return note(f"a Slack {kind.removeprefix('rich_text_').replace('_', ' ')} that Tierline cannot read")


def _listed(payload: object, name: str) -> list[object]:
    found = at(payload, name)
    return list(found) if isinstance(found, list) else []
