"""WordPiece over BERT's uncased vocabulary, as all-MiniLM-L6-v2 was trained with.

The usual library brings a model hub's client and its transfer agent (27 MB) along; this is the algorithm alone. A test
compares ids with that library's, kept as a fixture.

Source: Devlin et al. (2018), and the reference `BasicTokenizer` and `WordpieceTokenizer`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources

_CLS, _SEP, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_LONGEST_WORD = 100
"""Characters; a longer word is unknown, as in the reference."""
_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


@cache
def vocabulary() -> dict[str, int]:
    """Token → id, 30,522 of them."""
    lines = resources.files(__package__).joinpath("vocab.txt").read_text("utf-8").split("\n")
    return {token: number for number, token in enumerate(lines) if token}


def token_ids(text: str, most: int = 256) -> list[int]:
    """Ids of `text` between the two marks that the model expects, at most `most` in all.

    Cost: O(characters × length of a word).
    """
    vocab = vocabulary()
    ids = [vocab[_CLS]]
    for word in _words(text):
        ids += _pieces(word, vocab)
        if len(ids) >= most - 1:
            break
    return [*ids[: most - 1], vocab[_SEP]]


def _words(text: str) -> Iterator[str]:
    """Lower-case words without accents; punctuation and CJK characters stand alone."""
    word: list[str] = []
    for character in unicodedata.normalize("NFD", _cleaned(text).lower()):
        if unicodedata.category(character) == "Mn":
            continue
        if character.isspace():
            if word:
                yield "".join(word)
                word.clear()
        elif _stands_alone(character):
            if word:
                yield "".join(word)
                word.clear()
            yield character
        else:
            word.append(character)
    if word:
        yield "".join(word)


def _cleaned(text: str) -> str:
    return "".join(" " if c in "\t\n\r" else c for c in text if c in "\t\n\r" or not _is_control(c))


def _is_control(character: str) -> bool:
    return character in "\0\ufffd" or unicodedata.category(character).startswith("C")


def _stands_alone(character: str) -> bool:
    code = ord(character)
    ascii_punctuation = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return (
        ascii_punctuation
        or unicodedata.category(character).startswith("P")
        or (code >= 0x3400 and any(first <= code <= last for first, last in _CJK))
    )


def _pieces(word: str, vocab: dict[str, int]) -> list[int]:
    """Longest pieces from the left; a word that cannot be built is unknown."""
    if len(word) > _LONGEST_WORD:
        return [vocab[_UNKNOWN]]
    ids = []
    start = 0
    while start < len(word):
        prefix = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
        if end is None:
            return [vocab[_UNKNOWN]]
        ids.append(vocab[prefix + word[start:end]])
        start = end
    return ids
