"""Acts of Kafka's administration, each one request of its protocol, for whoever logs in.

`administration.yaml` says who may do what. An act is one line here and one there.
"""

import hashlib
import os
import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any, ClassVar, Final, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactString, Schema, UnsignedVarInt32

from events.topics import EVENTS, JOURNAL, LEDGER_GROUP, PROJECTOR_GROUP, SLIPS
from services.runtime.kafka.clients import connection_arguments
from services.runtime.ops.settings import Settings

REFUSED: Final = frozenset({29, 30, 31, 53, 65})
"""Kafka's codes: no right to this topic, group, cluster, transactional id, or to such a token."""

SCRAM_SHA_512: Final = 2
ITERATIONS: Final = 4096
TEXT: Final = CompactString("utf-8")


class Act(NamedTuple):
    """A request by key and version, its body, and how to come to the error code of its answer."""

    key: int
    version: int
    body: bytes
    error_at: str
    """Steps: a digit skips so many bytes, `s` a text, `[` is the length of an array."""


def pack(form: str, *values: Any) -> bytes:
    """Values in Kafka's flexible encoding; `s` is a text, `[` packed items, `.` no tags."""
    packed, left = [], iter(values)
    for kind in form:
        if kind == ".":
            packed.append(b"\0")
            continue
        value = next(left)
        if kind == "s":
            packed.append(TEXT.encode(value))
        elif kind == "[":
            count = 0 if value is None else len(value) + 1
            packed.append(b"".join([UnsignedVarInt32.encode(count), *(value or [])]))
        else:
            packed.append(struct.pack(f">{kind}", value))
    return b"".join(packed)


def _topic(name: str, items: Sequence[bytes]) -> list[bytes]:
    return [pack("s[.", name, items)]


def _config(kind: int, name: str, key: str, value: str) -> bytes:
    """One setting, to be changed as a trial."""
    changed = pack("sbs.", key, 0, value)
    return pack("[?.", [pack("bs[.", kind, name, [changed])], True)


def _configs(kind: int, name: str) -> bytes:
    return pack("[??.", [pack("bs[.", kind, name, None)], False, False)


def _created(name: str) -> bytes:
    return pack("[i?.", [pack("sih[[.", name, 1, 1, [], [])], 9_000, True)


ZERO: Final = pack("i", 0)
NOBODY: Final = "User:nobody"
TOPIC, BROKER, METRICS, GROUP = 2, 4, 16, 32
FETCHED: Final = pack("iiqiqi.", 0, -1, 0, -1, 0, 1_000_000)
MARKED: Final = pack("qh?[i.", 4711, 0, False, _topic(JOURNAL, [ZERO]), 0)
ADDED: Final = pack("sqh?[.", "ecluse.watch-x", 4711, 0, False, _topic(JOURNAL, [ZERO]))
QUOTA: Final = pack(
    "[[.", [pack("ss.", "user", "nobody")], [pack("sd?.", "request_percentage", 9, 0)]
)

ACTS: Final = {
    "give a right": Act(30, 3, pack("[.", [pack("bsbssbb.", 2, "x", 3, NOBODY, "*", 3, 3)]), "4["),
    "take a right": Act(31, 3, pack("[.", [pack("bsbssbb.", 2, "x", 3, NOBODY, "*", 3, 3)]), "4["),
    "read all rights": Act(29, 3, pack("bsbssbb.", 1, None, 1, None, None, 1, 1), "4"),
    "change a password": Act(51, 0, pack("[[.", [pack("sb.", "nobody", 2)], []), "4[s"),
    "list all logins": Act(50, 0, pack("[.", []), "4"),
    "make a token for another": Act(38, 3, pack("ss[q.", "User", "root", [], 9_000), ""),
    "set a quota": Act(49, 1, pack("[?.", [QUOTA], True), "4["),
    "read quotas": Act(48, 1, pack("[?.", [], False), "4"),
    "move a partition": Act(
        45, 0, pack("i[.", 9_000, _topic(JOURNAL, [pack("i[.", 0, [pack("i", 1)])])), "4"
    ),
    "list moves of partitions": Act(46, 0, pack("i[.", 9_000, None), "4"),
    "elect a leader": Act(43, 2, pack("b[i.", 0, _topic(JOURNAL, [ZERO]), 9_000), "4"),
    "change a feature": Act(57, 1, pack("i[?.", 9_000, [pack("shb.", "x", 1, 1)], True), "4"),
    "remove a controller": Act(81, 0, pack("siqq.", None, 99, 0, 1), "4"),
    "remove a broker": Act(64, 0, pack("i.", 99), "4"),
    "read the controllers": Act(55, 0, pack("[.", []), ""),
    "move a partition's files": Act(
        34, 2, pack("[.", [pack("s[.", "/", _topic(JOURNAL, [ZERO]))]), "4[s[4"
    ),
    "read sizes of files": Act(35, 4, pack("[.", []), "4"),
    "change a broker's setting": Act(
        44, 1, _config(BROKER, "1", "log.flush.interval.ms", "9"), "4["
    ),
    "read a broker's settings": Act(32, 4, _configs(BROKER, "1"), "4["),
    "change what clients report": Act(44, 1, _config(METRICS, "x", "metrics", ""), "4["),
    "change a group's setting": Act(
        44, 1, _config(GROUP, LEDGER_GROUP, "consumer.session.timeout.ms", "45000"), "4["
    ),
    "change the journal's setting": Act(44, 1, _config(TOPIC, JOURNAL, "retention.ms", "9"), "4["),
    "read the journal's settings": Act(32, 4, _configs(TOPIC, JOURNAL), "4["),
    "create a topic of ours": Act(19, 5, _created("ecluse.other.v1"), "4[s"),
    "create another topic": Act(19, 5, _created("other"), "4[s"),
    "add a partition to the journal": Act(
        37, 2, pack("[i?.", [pack("si[.", JOURNAL, 9, None)], 9_000, True), "4[s"
    ),
    "delete records of the journal": Act(
        21, 2, pack("[i.", _topic(JOURNAL, [pack("iq.", 0, 0)]), 9_000), "4[s[48"
    ),
    "delete the topic of slips": Act(20, 4, pack("[i.", [pack("s", SLIPS)], 9_000), "4[s"),
    "delete the ledger's group": Act(42, 2, pack("[.", [pack("s", LEDGER_GROUP)]), "4[s"),
    "see the ledger's group": Act(15, 5, pack("[?.", [pack("s", LEDGER_GROUP)], False), "4["),
    "read the ledger's offsets": Act(
        9, 8, pack("[?.", [pack("s[.", LEDGER_GROUP, None)], False), "4[s["
    ),
    "set the projector's offsets": Act(
        8,
        8,
        pack(
            "siss[.",
            *(PROJECTOR_GROUP, -1, "", None),
            _topic(JOURNAL, [pack("iqis.", 0, 0, -1, None)]),
        ),
        "4[s[4",
    ),
    "take the ledger's transactional id": Act(
        22, 3, pack("siqh.", f"{LEDGER_GROUP}-x", 60_000, -1, -1), "4"
    ),
    "see who writes events": Act(61, 0, pack("[.", _topic(EVENTS, [ZERO])), "4[s[4"),
    "end a transaction in the journal": Act(27, 1, pack("[.", [MARKED]), "[8[s[4"),
    "add the journal to another's transaction": Act(24, 4, pack("[.", [ADDED]), "4"),
    "read slips as a broker": Act(
        1,
        12,
        pack("iiiibii[[s.", 2, 0, 0, 1_000_000, 0, 0, -1, _topic(SLIPS, [FETCHED]), [], ""),
        "424[s[4",
    ),
}


class Raw(AbstractType[bytes]):
    """Bytes that are encoded already, or not yet decoded."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read()


BODY: Final = Schema(("body", Raw))


def request_of(act: Act) -> Request[Any]:
    """The request of an act, for a client of aiokafka."""
    named: dict[str, Any] = {"API_KEY": act.key, "API_VERSION": act.version, "SCHEMA": BODY}
    answer = type("Answer", (Response,), named)
    asked = type(
        "Asked", (RequestStruct,), {**named, "FLEXIBLE_VERSION": True, "RESPONSE_TYPE": answer}
    )

    class ActRequest(Request[asked]):
        API_KEY: ClassVar[int] = act.key

        def build(self, request_struct_class: Any) -> Any:
            return request_struct_class(act.body)

    return ActRequest()


def error_code(act: Act, body: bytes) -> int:
    """The error code in an answer."""
    data = BytesIO(body)
    for step in act.error_at:
        if step == "[":
            UnsignedVarInt32.decode(data)
        elif step == "s":
            TEXT.decode(data)
        else:
            data.read(int(step))
    return int(struct.unpack(">h", data.read(2))[0])


def change_of_password(user: str, password: str) -> Act:
    """Another password of a user, for SCRAM-SHA-512."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    in_bytes = [[bytes([each]) for each in text] for text in (salt, salted)]
    changed = pack("sbi[[.", user, SCRAM_SHA_512, ITERATIONS, *in_bytes)
    return Act(51, 0, pack("[[.", [], [changed]), "4[s")


async def code_of(settings: Settings, act: Act) -> int:
    """The code that an act is answered with, as whom these settings log in."""
    client = AIOKafkaClient(**connection_arguments(settings))
    try:
        await client.bootstrap()
        answer = await client.send(client.get_random_node(), request_of(act))
        return error_code(act, answer.body)
    finally:
        await client.close()


async def codes_of(settings: Settings) -> dict[str, int]:
    """The code that each act is answered with, as whom these settings log in."""
    client = AIOKafkaClient(**connection_arguments(settings))
    try:
        await client.bootstrap()
        found = {}
        for name, act in ACTS.items():
            answer = await client.send(client.get_random_node(), request_of(act))
            found[name] = error_code(act, answer.body)
        return found
    finally:
        await client.close()
