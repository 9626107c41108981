"""Events as Kafka messages, in both modes of the CloudEvents Kafka binding."""

from typing import NamedTuple

from tests.builders import Json, encoded

STRUCTURED = b"application/cloudevents+json; charset=UTF-8"

Headers = list[tuple[str, bytes]]


class Message(NamedTuple):
    """What a consumer is handed, in the order in which `decode` takes it."""

    value: bytes
    headers: Headers
    key: bytes | None


def structured(event: Json) -> Message:
    """The whole event in the value."""
    key = str(event["partitionkey"]).encode()
    return Message(encoded(event), [("content-type", STRUCTURED)], key)


def binary(event: Json) -> Message:
    """The attributes in headers, `data` alone in the value."""
    headers: Headers = []
    for name, value in event.items():
        if name == "datacontenttype":
            headers.append(("content-type", str(value).encode()))
        elif name != "data":
            headers.append((f"ce_{name}", str(value).encode()))
    return Message(encoded(event["data"]), headers, str(event["partitionkey"]).encode())
