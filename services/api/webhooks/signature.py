"""Signatures of Standard Webhooks (https://www.standardwebhooks.com), symmetric. Pure.

Their Python library is these lines, and brings an HTTP client and three packages more.
"""

import base64
import hmac
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
VERSION: Final = "v1"


def secret_of(key: bytes) -> str:
    """A key as its owner copies it into the receiving application."""
    return PREFIX + base64.b64encode(key).decode()


def headers_of(secret: str, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers that prove who sent this body, and when.

    Args:
        secret: as `secret_of` spells it.
        message_id: the same for every attempt: by it a receiver knows a repeat.
        timestamp_s: of this attempt, in seconds since 1970: an old one is a recording.
        body: the bytes that are sent.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    signature = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"{VERSION},{signature}",
    }
