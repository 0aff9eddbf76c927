"""The order in which people change an open form, where what is shown takes a moment to look up."""

from collections import OrderedDict

_MOST_FORMS = 1_000


class NewestChanges:
    """Knows which change of a form came last. Only what is shown goes by it: what is sent is decided by the ticket."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._count = 0

    def next(self, view_id: str) -> int:
        """A change of this form has come: its number."""
        self._count += 1
        self._newest[view_id] = self._count
        self._newest.move_to_end(view_id)
        while len(self._newest) > _MOST_FORMS:
            self._newest.popitem(last=False)
        return self._count

    def is_newest(self, view_id: str, number: int) -> bool:
        """Whether no other change of this form has come since."""
        return self._newest.get(view_id) == number
