"""A table that never changes: another one with an entry more, fewer, or different costs the copy of one small bucket, however many it has."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Generic, Self, TypeVar

_V = TypeVar("_V")
_BUCKETS = 128
"""So that ten thousand entries are eighty to a bucket: as much is copied for a change as the table of buckets itself is."""


class Buckets(Generic[_V]):
    """Values by key, in no order. The bucket of a key is the same in every process."""

    __slots__ = ("_buckets", "_count")

    def __init__(self) -> None:
        self._buckets: tuple[dict[str, _V] | None, ...] = (None,) * _BUCKETS
        self._count = 0

    @classmethod
    def of(cls, values: Mapping[str, _V]) -> Self:
        """All these at once."""
        buckets: list[dict[str, _V]] = [{} for _ in range(_BUCKETS)]
        for key, value in values.items():
            buckets[_place(key)][key] = value
        made = cls()
        made._buckets = tuple(bucket or None for bucket in buckets)
        made._count = len(values)
        return made

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (key for bucket in self._buckets if bucket is not None for key in bucket)

    def get(self, key: str) -> _V | None:
        """The value of a key, None where there is none."""
        bucket = self._buckets[_place(key)]
        return bucket.get(key) if bucket is not None else None

    def with_value(self, key: str, value: _V | None) -> "Buckets[_V]":
        """The same with this value of the key; without the key where it is None."""
        place = _place(key)
        bucket = dict(self._buckets[place] or {})
        before = len(bucket)
        if value is None:
            bucket.pop(key, None)
        else:
            bucket[key] = value
        other: Buckets[_V] = Buckets()
        other._buckets = (*self._buckets[:place], bucket or None, *self._buckets[place + 1 :])
        other._count = self._count + len(bucket) - before
        return other


def _place(key: str) -> int:
    return zlib.crc32(key.encode()) % _BUCKETS
