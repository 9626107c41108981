"""Signing of seals, and their files: Ed25519 over a statement's canonical JSON."""

import binascii
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from services.verifier.records import Json, canonical
from services.verifier.seals import NotASealError, prove_shape

OWNER_ALONE: Final = 0o600
"""Mode of private key files."""

FOR_ALL: Final = 0o644
"""Mode of seals."""

MEMBERS: Final = frozenset(("statement", "signature", "public_key"))

SEAL_BYTES_MAX: Final = 256 * 1024 * 1024
"""A larger file is no seal: a chain takes some 500 bytes."""


class NotAKeyError(Exception):
    """A file that holds no Ed25519 key of the kind that is needed."""


def new_key(path: Path) -> str:
    """Make a private key that its owner alone may read; its public key, as PEM.

    Raises:
        FileExistsError: something stands there: a key that is lost proves nothing any more.
        OSError: it cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_new(path, pem, OWNER_ALONE)
    return public_pem(key.public_key())


def read_key(path: Path) -> Ed25519PrivateKey:
    """A private key (PEM, without a password); NotAKeyError where the file holds none."""
    key = _load(lambda pem: load_pem_private_key(pem, password=None), path.read_bytes())
    if not isinstance(key, Ed25519PrivateKey):
        raise NotAKeyError(type(key).__name__)
    return key


def read_public_key(pem: bytes) -> Ed25519PublicKey:
    """A public key (PEM); NotAKeyError where these bytes are none."""
    key = _load(load_pem_public_key, pem)
    if not isinstance(key, Ed25519PublicKey):
        raise NotAKeyError(type(key).__name__)
    return key


def _load(load: Callable[[bytes], object], pem: bytes) -> object:
    try:
        return load(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotAKeyError(str(error)) from error


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as text."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign_statement(statement: Json, key: Ed25519PrivateKey) -> Json:
    """A statement with its signature; `public_key` names the key, and proves nothing of it."""
    return {
        "statement": statement,
        "signature": b64encode(key.sign(canonical(statement))).decode(),
        "public_key": public_pem(key.public_key()),
    }


def read_seal(path: Path) -> Json:
    """A seal, its signature not yet looked at; NotASealError where the file holds none."""
    if path.stat().st_size > SEAL_BYTES_MAX:
        raise NotASealError(f"more than {SEAL_BYTES_MAX} bytes")
    try:
        seal: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise NotASealError(f"{type(error).__name__}: {error}") from None
    if not isinstance(seal, dict) or seal.keys() != MEMBERS:
        raise NotASealError(f"members other than {', '.join(sorted(MEMBERS))}")
    if type(seal["signature"]) is not str or type(seal["public_key"]) is not str:
        raise NotASealError("signature, public_key")
    try:
        read_public_key(seal["public_key"].encode())
        canonical(seal["statement"])
    except (NotAKeyError, ValueError, RecursionError) as error:
        raise NotASealError(f"{type(error).__name__}: {error}") from None
    prove_shape(seal["statement"])
    return seal


def is_signed_by(seal: Json, key: Ed25519PublicKey) -> bool:
    """Return whether the signature of the statement is valid."""
    try:
        signature = b64decode(seal["signature"], validate=True)
        key.verify(signature, canonical(seal["statement"]))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that was not there, durably.

    Raises:
        FileExistsError: something stands there.
        OSError: it cannot be written; then nothing is left of it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.fchmod(descriptor, mode)  # Whatever the mask is: a seal is for all.
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise
