"""Rights on a cluster: deploy/acls.yaml, compared with the cluster's own and applied.

aiokafka's admin client knows no rights; it has the requests of Kafka's protocol (KIP-140, KIP-290).
"""

import asyncio
from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import yaml
from aiokafka.protocol.admin import (
    CreateAclsRequest,
    DeleteAclsRequest,
    DescribeAclsRequest,
    DescribeClientQuotasRequest,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String
from pydantic import BaseModel, ConfigDict, Field

import events
from services.runtime.kafka.topics import Cluster, check_accepted, connect
from services.runtime.ops.settings import Settings

FILE: Final = Path(events.__file__).parent.parent / "deploy" / "acls.yaml"

PREFIXED_MARK: Final = "*"
EVERYTHING: Final = "*"
"""Kafka's own name of every topic, group or transactional id."""

CLUSTER: Final = "kafka-cluster"
"""Kafka's own name of the one cluster."""

ANY: Final = 1
"""A filter that every type, pattern, operation or permission passes."""

KNOWN_S: Final = 10.0
"""The time in which a broker follows changed rights."""

POLL_S: Final = 0.1

ALLOW: Final = 3
ANY_HOST: Final = "*"


class Resource(IntEnum):
    """Types of resources, by Kafka's codes."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5


class Pattern(IntEnum):
    """The ways in which a name is matched, by Kafka's codes."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """Operations, by Kafka's codes."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12


OperationName = Literal[
    "ALL",
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
]
Operations = Annotated[list[OperationName], Field(min_length=1)]
QuotaName = Literal["producer_byte_rate", "consumer_byte_rate", "request_percentage"]


class Principal(BaseModel):
    """The rights of one principal, by names of the contract."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    description: str
    topics: dict[str, Operations] = {}
    groups: dict[str, Operations] = {}
    transactional_ids: dict[str, Operations] = {}
    cluster: list[OperationName] = []
    quotas: dict[QuotaName, Annotated[int, Field(gt=0)]] = {}
    """Limits that each broker sets it, by Kafka's own names."""


class Rights(BaseModel):
    """All principals of a deployment, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    principals: dict[str, Principal]


class Acl(NamedTuple):
    """One right: a principal may do an operation on a resource, from any host."""

    principal: str
    resource: Resource
    name: str
    pattern: Pattern
    operation: Operation


class Changes(NamedTuple):
    """The rights that a cluster lacks, and those of our principals that it has beside them."""

    missing: list[Acl]
    surplus: list[Acl]


@cache
def read_rights(file: Path = FILE) -> Rights:
    """The rights of deploy/acls.yaml, read once.

    Raises:
        OSError: the file is not there.
        pydantic.ValidationError: it does not say what it must; the message names where.
    """
    return Rights.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def list_wanted(rights: Rights, settings: Settings, form: str = "User:NAME") -> list[Acl]:
    """The rights by their names on this cluster; NAME in `form` is a principal's."""
    return [
        acl
        for name, principal in rights.principals.items()
        for acl in _acls_of(form.replace("NAME", name), principal, settings)
    ]


def _acls_of(kafka_name: str, principal: Principal, settings: Settings) -> Iterator[Acl]:
    for resource, names in (
        (Resource.TOPIC, principal.topics),
        (Resource.GROUP, principal.groups),
        (Resource.TRANSACTIONAL_ID, principal.transactional_ids),
    ):
        for name, operations in names.items():
            full = settings.topic_prefix + name
            prefixed = full.endswith(PREFIXED_MARK) and full != EVERYTHING
            pattern = Pattern.PREFIXED if prefixed else Pattern.LITERAL
            found = full.removesuffix(PREFIXED_MARK) if prefixed else full
            for operation in operations:
                yield Acl(kafka_name, resource, found, pattern, Operation[operation])
    for operation in principal.cluster:
        yield Acl(kafka_name, Resource.CLUSTER, CLUSTER, Pattern.LITERAL, Operation[operation])


async def differences(want: list[Acl], settings: Settings) -> Changes:
    """Compare the cluster's rights with these.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: it has no authorizer, or this principal may not ask.
    """
    async with connect(settings) as cluster:
        return _changes(want, await _list_found(cluster, want))


async def apply(want: list[Acl], settings: Settings) -> Changes:
    """Give what is missing, take what our principals have beside it; return what changed.

    It returns once the broker that was asked knows of it.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: it has no authorizer, or this principal may not change rights.
    """
    async with connect(settings) as cluster:
        changes = _changes(want, await _list_found(cluster, want))
        if changes.missing:
            response = await cluster.send(_Creations(changes.missing))
            for code, message in response.creation_responses:
                check_accepted(str(cluster), code, message)
        if changes.surplus:
            response = await cluster.send(_Deletions(changes.surplus))
            for code, message, _acls in response.filter_responses:
                check_accepted(str(cluster), code, message)
        if any(changes):
            await _wait_until_known(cluster, want)
    return changes


async def _wait_until_known(cluster: Cluster, want: list[Acl]) -> None:
    """Wait until the broker has the rights of its controller: else it refuses who connects now."""
    for _unused in range(int(KNOWN_S / POLL_S)):
        if not any(_changes(want, await _list_found(cluster, want))):
            return
        await asyncio.sleep(POLL_S)


class _ManyAcls:
    """Rights of one request: aiokafka's own carry one right, and each takes some 40 ms."""

    def __init__(self, acls: list[Acl]) -> None:
        self._acls = acls

    def build(self, request_struct_class: Any) -> Any:
        return request_struct_class([(*_resource(acl), *_entry(acl)) for acl in self._acls])


class _Creations(_ManyAcls, CreateAclsRequest):
    """Rights to be given."""


class _Deletions(_ManyAcls, DeleteAclsRequest):
    """Rights to be taken away."""


def _changes(want: list[Acl], granted: set[Acl]) -> Changes:
    return Changes(
        [each for each in dict.fromkeys(want) if each not in granted],
        sorted(granted.difference(want)),
    )


async def _list_found(cluster: Cluster, want: list[Acl]) -> set[Acl]:
    """The rights that the principals have, granted for every host."""
    found = set()
    for principal in dict.fromkeys(each.principal for each in want):
        request = DescribeAclsRequest(ANY, None, ANY, principal, None, ANY, ANY)
        response = await cluster.send(request)
        check_accepted(str(cluster), response.error_code, response.error_message)
        for resource, name, pattern, acls in response.resources:
            found |= {
                Acl(principal, Resource(resource), name, Pattern(pattern), Operation(operation))
                for _principal, host, operation, permission in acls
                if permission == ALLOW and host == ANY_HOST and resource in set(Resource)
            }
    return found


def _resource(acl: Acl) -> tuple[int, str, int]:
    return int(acl.resource), acl.name, int(acl.pattern)


def _entry(acl: Acl) -> tuple[str, str, int, int]:
    return acl.principal, ANY_HOST, int(acl.operation), ALLOW


HEAD: Final = """\
# Rights of each principal

`make catalogue` makes this page of [deploy/acls.yaml](../deploy/acls.yaml), whose rights
`ecluse acls apply` gives on a cluster with an authorizer. READ and WRITE bring DESCRIBE with them.
A name that ends in `*` is a prefix; `ECLUSE_TOPIC_PREFIX` stands before every name. What is not
listed is refused.
"""
TABLE: Final = "| resource | operations |\n|---|---|\n"


def page(rights: Rights) -> str:
    """The rights and quotas as a page for people."""
    parts = [HEAD]
    for name, principal in rights.principals.items():
        parts.append(f"\n## {name}\n\n{principal.description}\n\n{TABLE}")
        for kind, names in (
            ("topic", principal.topics),
            ("group", principal.groups),
            ("transactional id", principal.transactional_ids),
        ):
            for each, operations in names.items():
                parts.append(f"| {kind} `{each}` | {', '.join(operations)} |\n")
        if principal.cluster:
            parts.append(f"| the cluster | {', '.join(principal.cluster)} |\n")
        if principal.quotas:
            quotas = ", ".join(f"`{each}` {value}" for each, value in principal.quotas.items())
            parts.append(f"\nQuotas, of each broker: {quotas}.\n")
    return "".join(parts)


PAGE: Final = FILE.parents[1] / "docs" / "rights.md"
"""Where it stands, with the rights in the database behind it."""


USER: Final = "user"
ANY_NAME: Final = 2
"""Kafka's code of a filter that every name passes."""

_TEXT: Final = String("utf-8")
_ENTITY: Final = ("entity", Array(("entity_type", _TEXT), ("entity_name", _TEXT)))


class QuotaDifference(NamedTuple):
    """A quota of one of our principals that is another than the file's; None is without limit."""

    principal: str
    name: str
    """Kafka's own name: what is limited, on each broker."""

    actual: float | None
    expected: float | None


class _AlterClientQuotasResponse(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("entries", Array(("error_code", Int16), ("error_message", _TEXT), _ENTITY)),
    )


class _AlterClientQuotas(RequestStruct):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterClientQuotasResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(_ENTITY, ("ops", Array(("key", _TEXT), ("value", Float64), ("remove", Boolean)))),
        ),
        ("validate_only", Boolean),
    )


class _AlterClientQuotasRequest(Request[_AlterClientQuotas]):
    """Quotas to be set, and those that the file does not have to be removed."""

    API_KEY = 49

    def __init__(self, changes: list[QuotaDifference]) -> None:
        self._changes = changes

    def build(self, request_struct_class: type[_AlterClientQuotas]) -> _AlterClientQuotas:
        entries = {
            user: [
                (each.name, each.expected or 0.0, each.expected is None)
                for each in self._changes
                if _user(each.principal) == user
            ]
            for user in dict.fromkeys(_user(each.principal) for each in self._changes)
        }
        return request_struct_class([([(USER, user)], ops) for user, ops in entries.items()], False)


async def quota_differences(
    rights: Rights, settings: Settings, form: str = "User:NAME"
) -> list[QuotaDifference]:
    """Compare the cluster's quotas of our principals with those of the file.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: this principal may not ask.
    """
    async with connect(settings) as cluster:
        return await _differences(cluster, rights, form)


async def apply_quotas(
    rights: Rights, settings: Settings, form: str = "User:NAME"
) -> list[QuotaDifference]:
    """Set what differs, and return it, once the broker that was asked knows of it.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: this principal may not set quotas.
    """
    async with connect(settings) as cluster:
        changes = await _differences(cluster, rights, form)
        if changes:
            response = await cluster.send(_AlterClientQuotasRequest(changes))
            for code, message, _entity in response.entries:
                check_accepted(str(cluster), code, message)
            for _unused in range(int(KNOWN_S / POLL_S)):
                if not await _differences(cluster, rights, form):
                    break
                await asyncio.sleep(POLL_S)
    return changes


async def _differences(cluster: Cluster, rights: Rights, form: str) -> list[QuotaDifference]:
    response: Any = await cluster.send(
        DescribeClientQuotasRequest([(USER, ANY_NAME, None)], strict=True)
    )
    check_accepted(str(cluster), response.error_code, response.error_message)
    there = {entity[0][1]: dict(values) for entity, values in response.entries}
    return [
        QuotaDifference(principal, name, actual.get(name), expected.get(name))
        for short, each in rights.principals.items()
        for principal in [form.replace("NAME", short)]
        for actual, expected in [(there.get(_user(principal), {}), each.quotas)]
        for name in sorted({*actual, *expected})
        if actual.get(name) != expected.get(name)
    ]


def _user(principal: str) -> str:
    """The user whom a quota limits, by Kafka's name: the principal without its type."""
    return principal.removeprefix("User:")
