"""Whose page an incident is, as far as it was found out: most news tell an incident's id alone, and PagerDuty waits five seconds."""

from collections import OrderedDict

_MOST = 5_000


class PageKeys:
    """The key of each incident that was heard of lately, None for other people's; the one that was unused the longest is forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._keys: OrderedDict[str, str | None] = OrderedDict()
        self._most = most

    def knows(self, page_id: str) -> bool:
        """Whether it was found out."""
        return page_id in self._keys

    def key_of(self, page_id: str) -> str | None:
        """The key of an incident that is known."""
        self._keys.move_to_end(page_id)
        return self._keys[page_id]

    def keep(self, page_id: str, key: str | None) -> None:
        """It was found out: an incident keeps its key for life."""
        self._keys[page_id] = key
        self._keys.move_to_end(page_id)
        if len(self._keys) > self._most:
            self._keys.popitem(last=False)
