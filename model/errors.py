"""The errors of Retrospan, one small tree.

    RetrospanError
    ├── UsageError            the request itself is wrong            exit code 2
    │   ├── UnknownIdError    no such trace, step, review, …
    │   ├── NothingFoundError nothing matches; says what there is instead
    │   ├── QueryError        a search line that cannot be read; points at the word
    │   └── QuestionError     a question in SQL that cannot be answered
    ├── BadInputError         data handed in is broken               exit code 1
    │   └── TooLargeError     a limit was passed
    ├── RefusedError          the act is not allowed to this caller  exit code 1
    ├── StoppedError          whoever asked has called it off        exit code 130
    ├── RemoteError           another product does not answer        exit code 3
    └── StoreError            the store or its disk is in trouble    exit code 3
        ├── StoreBusyError    another process holds the write lock
        ├── StoreFullError    no room on the disk
        ├── DamagedStoreError something is not what was written
        └── StoreVersionError made by a newer Retrospan

A message has three parts: what is wrong, with the value; what is known or allowed, nearest first; what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable


class RetrospanError(Exception):
    """Base of all errors that a person or a model can act on."""

    exit_code = 1


class UsageError(RetrospanError):
    """The request is wrong: an unknown name, a value out of bounds."""

    exit_code = 2


class UnknownIdError(UsageError):
    """No such thing in this store.

    Attributes:
        kind: What was looked for: `trace`, `step`, `review`, …
        value: The id as given.
    """

    def __init__(self, kind: str, value: str, *, known: str, next_step: str) -> None:
        self.kind = kind
        self.value = value
        super().__init__(f"No {kind} {value!r} ({known}). {next_step}")


class NothingFoundError(UsageError):
    """Nothing matches, and what there is instead is named in words of traces.

    Attributes:
        message: What we say ourselves.
        traced: Lines that hold trace text; a model gets them inside a fence.
    """

    def __init__(self, message: str, traced: Iterable[str]) -> None:
        self.message = message
        self.traced = tuple(traced)
        super().__init__(" ".join((message, *self.traced)))


class QueryError(UsageError):
    """A search line that cannot be read.

    Attributes:
        word: The word at fault.
        position: Its offset in the line, in characters.
    """

    def __init__(self, message: str, *, word: str, position: int) -> None:
        self.word = word
        self.position = position
        super().__init__(message)


class QuestionError(UsageError):
    """A question in SQL that cannot be run, or takes too long."""


class BadInputError(RetrospanError):
    """Data handed in is broken.

    Attributes:
        where: Place in the input: `line 12`, `byte 4096`, `span 3f…`.
    """

    def __init__(self, message: str, *, where: str | None = None) -> None:
        self.where = where
        super().__init__(message)


class TooLargeError(BadInputError):
    """A limit was passed; the message names the limit and its setting."""


class RefusedError(RetrospanError):
    """The act is not allowed to this caller or in this store."""


class StoppedError(RetrospanError):
    """Whoever asked has called it off; what was being written is undone."""

    exit_code = 130


class RemoteError(RetrospanError):
    """Another product cannot be reached, or refuses."""

    exit_code = 3


class StoreError(RetrospanError):
    """The store file or its disk is in trouble."""

    exit_code = 3


class StoreBusyError(StoreError):
    """Another process held the write lock for longer than the time-out."""


class StoreFullError(StoreError):
    """The disk is full; what is stored can still be read."""


class DamagedStoreError(StoreError):
    """Something in the store is not what was written there.

    Attributes:
        what: What was met.
    """

    def __init__(self, name: str, what: str) -> None:
        self.what = what
        super().__init__(
            f"The store {name} is damaged ({what}). `retrospan store check` says what is lost; "
            "`retrospan store salvage NEW` saves the rest, `retrospan store restore COPY` brings a backup back."
        )


class StoreVersionError(StoreError):
    """The store was written by a newer Retrospan."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A phrase naming the known words, nearest first: `did you mean 'status'? Known: agent, status, …`.

    Cost: one edit-distance comparison per known word.
    """
    from rapidfuzz import process  # only the unlucky pay for its import

    names = sorted(known)
    nearest = process.extractOne(word, names, score_cutoff=60)
    listing = f"known: {', '.join(names)}" if names else "nothing is known yet"
    return f"did you mean {nearest[0]!r}? {listing}" if nearest else listing
