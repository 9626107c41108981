"""Canonical JSON, over which digests and hashes are taken: sorted keys, no spaces, UTF-8."""

from typing import Any

import msgspec

_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """The one spelling of `value` in JSON, whoever wrote it."""
    return _encode(value)


def without_nulls(value: Any) -> Any:
    """`value` with every null member left out: an explicit null says what absence says."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value
