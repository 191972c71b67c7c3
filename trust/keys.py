"""Reviewer keys: Ed25519, the private half encrypted under a passphrase in the user's configuration folder.

The file states its scrypt parameters; all of it but the ciphertext is bound to the ciphertext as associated data, so
that no field can be exchanged without the passphrase.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import BadInputError, RefusedError, UnknownIdError, UsageError
from ..model.text.jsontext import canonical
from .files import list_files, read_bounded, slug, write_atomic

MIN_PASSPHRASE = 12
_RATED = 72
"""First characters that are rated; what begins well ends no worse."""
_STRONG = 3
"""Of zxcvbn's 0 to 4."""
_KEY_BYTES = 32
_MAX_KEY_FILE = 16_384


@dataclass(frozen=True, slots=True)
class KdfCost:
    """scrypt's parameters; memory is 128 · n · r bytes. The default takes 128 MiB and about 0.4 s."""

    n: int = 2**17
    r: int = 8
    p: int = 1


class _KdfFields(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(pattern="^scrypt$")
    n: int = Field(ge=2**10, le=2**20)
    r: int = Field(ge=1, le=16)
    p: int = Field(ge=1, le=4)
    salt: str


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    format: str = Field(pattern=r"^retrospan\.key/1$")
    name: str
    public_key: str
    created_at: str
    demo: bool
    kdf: _KdfFields
    cipher: str = Field(pattern="^AES-256-GCM$")
    nonce: str
    ciphertext: str

    def bound(self) -> bytes:
        return canonical(self.model_dump(exclude={"ciphertext"}))


def fingerprint(public_key: str) -> str:
    """The name of a public key, `SHA256:…`, as ssh writes it.

    Raises:
        BadInputError: if the key is not 32 bytes in base64.
    """
    digest = hashlib.sha256(b"retrospan reviewer key\n" + decode_key(public_key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def decode_key(public_key: str) -> bytes:
    """The 32 bytes of a public key in base64.

    Raises:
        BadInputError: if it is anything else.
    """
    try:
        raw = base64.b64decode(public_key, validate=True)
    except (binascii.Error, ValueError) as err:
        raise BadInputError(
            "The public key is no base64. Take the record anew from its owner, then `retrospan reviewer countersign`."
        ) from err
    if len(raw) != _KEY_BYTES:
        raise BadInputError(f"The public key has {len(raw)} bytes; an Ed25519 key has {_KEY_BYTES}.")
    return raw


def public_key_of(private: Ed25519PrivateKey) -> str:
    """The public half in base64."""
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


@lru_cache(maxsize=20_000)
def signature_fits(public_key: str, signature: str, message: bytes) -> bool:
    """Whether `signature` (base64) over `message` was made with the private half of `public_key`.

    Cost: about 0.1 ms the first time; the answer never changes, so it is kept.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(decode_key(public_key)).verify(raw, message)
    except (InvalidSignature, BadInputError, binascii.Error, ValueError):
        return False
    return True


def check_passphrase(passphrase: str) -> None:
    """Refuse what is guessed quickly.

    Raises:
        UsageError: if it is shorter than `MIN_PASSPHRASE` characters, or made of what is tried first: words one after
            the other, keys beside each other, repetitions, dates.

    Source: zxcvbn (Wheeler, 2016); three of four points, 10⁸ guesses.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise UsageError(
            f"The passphrase has {len(passphrase)} characters; at least {MIN_PASSPHRASE} are needed. "
            "Four or more random words do well."
        )
    from zxcvbn import zxcvbn  # its word lists cost 30 ms, which only who chooses a passphrase should pay

    if zxcvbn(passphrase[:_RATED], max_length=_RATED)["score"] < _STRONG:
        raise UsageError(
            "This passphrase is among the first that somebody would try. Four or more random words do well: "
            "words that do not belong together."
        )


def create_key(
    folder: Path, name: str, passphrase: str, *, created_at: str, cost: KdfCost | None = None, demo: bool = False
) -> str:
    """Make a key pair, keep the private half encrypted in `folder`, return the public half.

    A key made with `demo` stays a demo key: the mark is bound to the ciphertext, and goes into all it signs.

    Raises:
        UsageError: if the passphrase is weak, or a key of that name exists.

    Cost: one scrypt derivation.
    """
    check_passphrase(passphrase)
    path = key_path(folder, name)
    if path.exists():
        raise UsageError(f"A reviewer key named {name!r} exists already ({path}). Choose another name.")
    private = Ed25519PrivateKey.generate()
    sealed = _seal(private, name, passphrase, created_at, cost or KdfCost(), demo)
    write_atomic(folder, path.name, sealed, mode=0o600, fresh=True)
    return public_key_of(private)


class OpenedKey(NamedTuple):
    """A decrypted private key, and what its file says of it."""

    private: Ed25519PrivateKey
    name: str
    demo: bool


def open_key(folder: Path, name: str, passphrase: str) -> OpenedKey:
    """Decrypt the private key of `name`.

    Raises:
        UnknownIdError: if there is no such key.
        RefusedError: if the passphrase is wrong or the file was altered.
        BadInputError: if the file is no key file.

    Cost: one scrypt derivation.
    """
    path = key_path(folder, name)
    if not path.exists():
        names = ", ".join(key_names(folder)) or "none"
        raise UnknownIdError("reviewer key", name, known=f"here: {names}", next_step="Run `retrospan reviewer add`.")
    try:
        fields = _KeyFile.model_validate_json(read_bounded(path, _MAX_KEY_FILE))
        salt, nonce, sealed = (base64.b64decode(part, validate=True) for part in _encoded(fields))
    except (ValidationError, binascii.Error, ValueError) as err:
        raise BadInputError(f"{path} is no reviewer key file. Restore it from a backup.", where=str(path)) from err
    secret = _derive(passphrase, salt, KdfCost(fields.kdf.n, fields.kdf.r, fields.kdf.p))
    try:
        private = Ed25519PrivateKey.from_private_bytes(AESGCM(secret).decrypt(nonce, sealed, fields.bound()))
    except (InvalidTag, ValueError) as err:
        raise RefusedError(f"The passphrase does not open the key of {name!r}. Try again.") from err
    if public_key_of(private) != fields.public_key:
        raise RefusedError(f"{path} states another public key than it holds. Restore it from a backup.")
    return OpenedKey(private, fields.name, fields.demo)


def read_key_file(path: Path) -> tuple[str, bytes]:
    """The name in a key file, and its bytes, to keep or to bring back as a backup.

    Raises:
        BadInputError: if it is no key file.
    """
    data = read_bounded(path, _MAX_KEY_FILE)
    try:
        return _KeyFile.model_validate_json(data).name, data
    except ValidationError as err:
        raise BadInputError(f"{path} is no reviewer key file.", where=str(path)) from err


def retire_key(folder: Path, name: str, key_fingerprint: str) -> None:
    """Move a key out of use, to `retired` beside the others, under a name of its own.

    Raises:
        UnknownIdError: if there is no such key.
        StoreError: if the disk refuses.
    """
    path = key_path(folder, name)
    if not path.exists():
        raise UnknownIdError(
            "reviewer key", name, known=f"here: {', '.join(key_names(folder)) or 'none'}", next_step=""
        )
    mark = hashlib.sha256(key_fingerprint.encode()).hexdigest()[:8]
    write_atomic(folder / "retired", f"{slug(name)}-{mark}.json", read_bounded(path, _MAX_KEY_FILE), mode=0o600)
    path.unlink()


def key_names(folder: Path) -> list[str]:
    """Slugs of the reviewers whose private keys lie in `folder`."""
    return sorted(path.stem for path in list_files(folder, ".json"))


def key_path(folder: Path, name: str) -> Path:
    """Where the private key of a reviewer lies."""
    return folder / f"{slug(name)}.json"


def _encoded(fields: _KeyFile) -> tuple[str, str, str]:
    return fields.kdf.salt, fields.nonce, fields.ciphertext


def _seal(private: Ed25519PrivateKey, name: str, passphrase: str, created_at: str, cost: KdfCost, demo: bool) -> bytes:
    salt, nonce = os.urandom(16), os.urandom(12)
    fields = _KeyFile(
        format="retrospan.key/1",
        name=name,
        public_key=public_key_of(private),
        created_at=created_at,
        demo=demo,
        kdf=_KdfFields(name="scrypt", n=cost.n, r=cost.r, p=cost.p, salt=_text(salt)),
        cipher="AES-256-GCM",
        nonce=_text(nonce),
        ciphertext="",
    )
    sealed = AESGCM(_derive(passphrase, salt, cost)).encrypt(nonce, private.private_bytes_raw(), fields.bound())
    return fields.model_copy(update={"ciphertext": _text(sealed)}).model_dump_json(indent=2).encode() + b"\n"


_ONE_DERIVATION = threading.Lock()
"""A derivation takes 128 MiB; however many people sign in at once, one runs at a time."""


def _derive(passphrase: str, salt: bytes, cost: KdfCost) -> bytes:
    with _ONE_DERIVATION:
        return Scrypt(salt=salt, length=32, n=cost.n, r=cost.r, p=cost.p).derive(passphrase.encode())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
