"""Small files that decide on trust: written whole or not at all, never through a link, never outside their folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import unicodedata
from pathlib import Path

from ..model.errors import BadInputError, StoreError, TooLargeError, UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def slug(text: str) -> str:
    """A file name from a title: lower-case ASCII letters, digits and dashes, at most 60.

    A title in another script gives a name made from its hash.

    >>> slug("Réfund window: 45 days?")
    'refund-window-45-days'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return name or "n-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def write_atomic(folder: Path, name: str, data: bytes, *, mode: int = 0o644, fresh: bool = False) -> Path:
    """Write `folder/name` by way of a temporary file beside it, so that a reader sees the old file or the new one.

    A link in the place of the file is replaced, not followed.

    Args:
        folder: Made where it is missing.
        name: Plain lower-case file name.
        data: The whole content.
        mode: Rights.
        fresh: Never replace: of two that write at once one is refused.

    Raises:
        UsageError: if `name` is anything but a plain lower-case file name, or is there already where it is `fresh`.
        StoreError: if the disk refuses.
    """
    if not _NAME.match(name):
        raise UsageError(f"{name!r} is no safe file name. Use a-z, 0-9, dot, dash and underscore.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700 if mode == 0o600 else 0o755)
    target = folder / name
    temporary = folder / f".{name}.{secrets.token_hex(6)}.tmp"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, mode)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            if fresh:
                os.link(temporary, target)
                temporary.unlink()
            else:
                temporary.replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            raise
    except FileExistsError as err:
        raise UsageError(f"{target} exists already. Move it away first.") from err
    except OSError as err:
        raise StoreError(f"Cannot write {target}: {err.strerror}. Check the folder's rights and free space.") from err
    return target


def read_bounded(path: Path, limit: int) -> bytes:
    """The whole of a plain file of at most `limit` bytes.

    Raises:
        BadInputError: if it is a link or no plain file.
        TooLargeError: if it is longer.
        StoreError: if the disk refuses.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
    except OSError as err:
        if err.errno == errno.ELOOP:
            raise BadInputError(f"{path} is a link; it is read only as a plain file.", where=str(path)) from err
        raise StoreError(f"Cannot read {path}: {err.strerror}.") from err
    with os.fdopen(handle, "rb") as source:
        if not path.is_file():
            raise BadInputError(f"{path} is no plain file.", where=str(path))
        data = source.read(limit + 1)
    if len(data) > limit:
        raise TooLargeError(f"{path} has more than {limit} bytes.", where=str(path))
    return data


def list_files(folder: Path, suffix: str) -> list[Path]:
    """Plain files of one suffix in `folder`, by name; links and hidden files are left out."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix == suffix and not path.name.startswith(".") and path.is_file() and not path.is_symlink()
    )
