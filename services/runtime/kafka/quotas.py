"""Quotas of deploy/acls.yaml, compared with the cluster's own and applied.

aiokafka has the request that asks for them, and not the one that sets them (KIP-546).
"""

import asyncio
from typing import Any, Final, NamedTuple

from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

from services.runtime.kafka.acls import KNOWN_S, POLL_S, Rights
from services.runtime.kafka.topics import Cluster, check_accepted, connected
from services.runtime.ops.settings import Settings

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

    found: float | None
    wanted: float | None


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
                (each.name, each.wanted or 0.0, each.wanted is None)
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
    async with connected(settings) as cluster:
        return await _differences(cluster, rights, form)


async def apply_quotas(
    rights: Rights, settings: Settings, form: str = "User:NAME"
) -> list[QuotaDifference]:
    """Set what differs, and return it, once the broker that was asked knows of it.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: this principal may not set quotas.
    """
    async with connected(settings) as cluster:
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
        QuotaDifference(principal, name, found.get(name), wanted.get(name))
        for short, each in rights.principals.items()
        for principal in [form.replace("NAME", short)]
        for found, wanted in [(there.get(_user(principal), {}), each.quotas)]
        for name in sorted({*found, *wanted})
        if found.get(name) != wanted.get(name)
    ]


def _user(principal: str) -> str:
    """The user whom a quota limits, by Kafka's name: the principal without its type."""
    return principal.removeprefix("User:")
