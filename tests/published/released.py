"""What was released, held against what is: each break in one sentence.

`schemas/released/<version>/` is what a release published. A release is compared with today's
schemas, not with the next release: so a change that is harmless in two steps is found too.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import yaml

from events import schemas, topics
from events.lag import Board, History
from services.api.contract import asyncapi
from services.api.contract.asyncapi import TYPES
from tests.builders import Json
from tests.published.addresses import ANSWERED, ASKED, openapi, schemas_of
from tests.published.compatibility import Change, Comparison, closed, expanded, opened

FOLDER: Final = schemas.FOLDER / "released"
SUFFIX: Final = ".schema.json"
SUMS: Final = "SHA256SUMS"
TOPICS: Final = "topics.yaml"
OPENAPI: Final = "openapi.json"
HEADERS: Final = "headers.json"
OF_HEADERS: Final = " headers"
ANSWERS: Final = {"ecluse.lag.v1": Board, "ecluse.lag-history.v1": History}
"""Answers of the watch, which are no messages."""


class Use(Enum):
    """A use of a schema that a later version must not break, and what a break means."""

    FROM_SENDERS = "what senders of {release} send becomes a dead letter"
    """Old senders, the new ledger: it refuses members that it does not know."""

    FROM_CLIENTS = "what clients of {release} ask is refused"
    """Old clients of the API, which refuses what it does not know."""

    BY_READERS = "readers of {release} do not understand what is written now"
    """The new Écluse, old readers: they pass over members that they do not know."""

    BY_LEDGERS = "a ledger of {release} makes a dead letter of what is written now"
    """The same of internal events: an old worker refuses members that it does not know."""

    OF_BEFORE = "what {release} wrote, and topics still hold, is not understood now"
    """Old messages, new readers."""


REMEDIES: Final = {
    Use.FROM_SENDERS: "keep what was allowed, make a new member optional, or add a new version of "
    "the type beside this one",
    Use.FROM_CLIENTS: "keep what was allowed, or add another address",
    Use.BY_READERS: "write it as before, or write a new version of the type beside this one",
    Use.BY_LEDGERS: "write it as before, or write a new version of the type beside this one",
    Use.OF_BEFORE: "keep what was allowed, or make a new member optional",
}

WRITTEN: Final = (Use.BY_READERS, Use.OF_BEFORE)
USES: Final[Mapping[str, tuple[Use, ...]]] = {
    **dict.fromkeys(TYPES, WRITTEN),
    topics.EVENTS: (Use.FROM_SENDERS,),
    topics.INTERNAL_EVENTS: (Use.FROM_SENDERS, Use.BY_LEDGERS),
}
"""The uses of the schemas of a topic."""


class Break(NamedTuple):
    """A change that somebody does not survive."""

    name: str
    """The schema, or the topic."""

    change: Change
    consequence: str
    remedy: str

    @property
    def sentence(self) -> str:
        """The break in one sentence."""
        where = f"{self.name} {self.change.pointer}".rstrip()
        return f"{where}: {self.change.text}, so {self.consequence}; {self.remedy}."


class Published(NamedTuple):
    """The published contract of one version."""

    version: str
    schemas: Mapping[str, Json]
    """By name of the type; of the API by address, of headers by topic."""

    topics: Json


def uses_of(name: str) -> tuple[Use, ...]:
    """The uses of a schema."""
    if name.endswith(ASKED):
        return (Use.FROM_CLIENTS,)
    if name in ANSWERS or name.endswith(ANSWERED):
        return (Use.BY_READERS,)
    if name.endswith(OF_HEADERS):
        topic = name.removesuffix(OF_HEADERS)
        return (Use.FROM_SENDERS,) if topic in topics.INPUT_TOPICS else WRITTEN
    [topic] = [topic for topic, types in TYPES.items() if name in types]
    return USES[topic]


def breaks(old: Published, new: Published) -> list[Break]:
    """Whatever was understood, and is not."""
    found = [
        Break(name, *each)
        for name, schema in old.schemas.items()
        if schema != new.schemas.get(name)
        for each in schema_breaks(schema, new.schemas.get(name), uses_of(name), old.version)
    ]
    return found + list(topic_breaks(old.topics, new.topics, old.version))


def schema_breaks(
    old: Json, new: Json | None, uses: Sequence[Use], release: str
) -> Iterator[tuple[Change, str, str]]:
    """The breaks of one schema: the change, who does not survive it, what to do."""
    for use in uses:
        consequence = use.value.format(release=release)
        changes = [Change("", "its schema is gone")] if new is None else _changes(old, new, use)
        for change in dict.fromkeys(changes):
            yield change, consequence, REMEDIES[use]


def _changes(old: Json, new: Json, use: Use) -> Iterator[Change]:
    before, now = expanded(old), expanded(new)
    match use:
        case Use.FROM_SENDERS | Use.FROM_CLIENTS:
            return Comparison(reader_is_new=True).changes(before, now)
        case Use.OF_BEFORE:
            return Comparison(reader_is_new=True).changes(closed(before), opened(now))
        case Use.BY_READERS:
            return Comparison(reader_is_new=False).changes(closed(now), opened(before))
        case Use.BY_LEDGERS:
            return Comparison(reader_is_new=False).changes(closed(now), before)


SHORTER: Final = ("retention.ms", "retention.bytes", "max.message.bytes")
"""Settings of a topic that may grow."""


def topic_breaks(old: Json, new: Json, release: str) -> Iterator[Break]:
    """The breaks of the topics themselves: their names, keys and settings."""

    def found(topic: str, text: str, consequence: str, remedy: str) -> Break:
        return Break(topic, Change("", text), consequence, remedy)

    if old["partitions"] != new["partitions"]:
        yield found(
            TOPICS,
            f"partitions was {old['partitions']}, and is {new['partitions']}",
            f"workers refuse to start on a cluster of {release}",
            "leave it: `ecluse topics apply --partitions` chooses another for a new cluster",
        )
    for name, topic in old["topics"].items():
        now = new["topics"].get(name)
        clients = f"clients of {release} do not find what they know there"
        if now is None:
            yield found(name, "the topic is gone", clients, "keep it beside the new one")
            continue
        if topic["key"] != now["key"]:
            text = f"the key was “{topic['key']}”, and is “{now['key']}”"
            yield found(name, text, clients, "add a new version of the topic beside this one")
        policy = topic["config"]["cleanup.policy"], now["config"]["cleanup.policy"]
        if policy[0] != policy[1]:
            text = f"cleanup.policy was {policy[0]}, and is {policy[1]}"
            yield found(name, text, clients, "add a new version of the topic beside this one")
        for setting in SHORTER:
            before, after = (each["config"].get(setting) for each in (topic, now))
            # What is not set is the broker's: nobody knows here which of the two is longer.
            known = before is not None and after is not None
            if after not in {before, -1} and not (known and -1 != before < after):
                was, is_ = ("not set" if each is None else each for each in (before, after))
                text = f"{setting} was {was}, and is {is_}"
                yield found(name, text, clients, "leave it, or raise it")


@cache
def current() -> Published:
    """The contract as the code has it now."""
    return _published("now", texts())


@cache
def texts() -> dict[str, str]:
    """The files of a release, as they would be now, by name."""
    answers = {name: msgspec.json.schema(answer) for name, answer in ANSWERS.items()}
    return {
        **schemas.documents(),
        **{f"{name}{SUFFIX}": json.dumps(each, indent=2) + "\n" for name, each in answers.items()},
        OPENAPI: json.dumps(openapi(), ensure_ascii=False, indent=None) + "\n",
        HEADERS: json.dumps(asyncapi.HEADERS, indent=1) + "\n",
        TOPICS: (schemas.FOLDER / TOPICS).read_text("utf-8"),
    }


def released(folder: Path) -> Published:
    """The contract of one release."""
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    return _published(folder.name, files)


def _published(version: str, files: Mapping[str, str]) -> Published:
    found = {
        name.removesuffix(SUFFIX): json.loads(text)
        for name, text in files.items()
        if name.endswith(SUFFIX)
    }
    found |= schemas_of(json.loads(files[OPENAPI]))
    for topic, headers in json.loads(files[HEADERS]).items():
        found[topic + OF_HEADERS] = {"properties": headers, "additionalProperties": False}
    return Published(version, found, yaml.safe_load(files[TOPICS]))


def releases() -> list[Path]:
    """The folders of all releases."""
    return sorted(path for path in FOLDER.iterdir() if path.is_dir())


def sums(folder: Path) -> str:
    """The SHA-256 of each file of a release, as `sha256sum` writes it."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != SUMS
    )
