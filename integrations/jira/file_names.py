"""The names of the files that we put on issues: each carries a mark of its key, so that it is put there once."""

import hashlib
import re

_MARK = re.compile(r"\.tl-[0-9a-f]{10}(?=\.|$)")
_LONGEST = 200


def marked_name(name: str, key: str) -> str:
    """The file's name with the key's mark before its ending: ``log.tl-0a1b2c3d4e.txt``. Folders in it are left out."""
    plain = re.sub(r"[\x00-\x1f\"]+", "_", re.split(r"[\\/]", name)[-1]).strip() or "file"
    stem, dot, ending = plain.rpartition(".")
    if not stem:
        stem, dot, ending = plain, "", ""
    mark = hashlib.sha256(key.encode()).hexdigest()[:10]
    return f"{stem[:_LONGEST]}.tl-{mark}{dot}{ending[:20]}"


def is_marked(name: str) -> bool:
    """Whether a file of this name was put there by us."""
    return _MARK.search(name) is not None
