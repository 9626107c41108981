"""Rights on a cluster: tried as one principal without writing, or compared for all of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    InvalidProducerIdMapping,
    NotCoordinatorForGroupError,
    SecurityDisabled,
    TransactionalIdAuthorizationFailed,
    for_code,
)
from aiokafka.protocol.transaction import EndTxnRequest
from aiokafka.structs import TopicPartition

from events.texts import _, ngettext
from services.doctor.judge import Finding, Part, ok, trouble, unknown
from services.doctor.requests import PermittedRequest
from services.doctor.scope import Scope, principal
from services.lag.group_requests import DescribeGroupsRequest
from services.runtime.kafka.acls import (
    Acl,
    Operation,
    Pattern,
    Resource,
    differences,
    list_wanted,
    read_rights,
)
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S, connection_arguments
from services.runtime.kafka.open_transactions import OpenTransaction, WriteTxnMarkersRequest
from services.runtime.kafka.security import NO_RIGHTS
from services.runtime.kafka.waits import finish_start
from services.runtime.ops.errors import ClusterError

LACKS = _("{principal} lacks {operation} on {resource} {name}: `ecluse acls apply` gives it")
SURPLUS = _(
    "{principal} has {operation} on {resource} {name}, and does not need it: `ecluse acls apply`"
    " takes it"
)
RIGHTS_ALIKE = ngettext(
    "{count} right is as it should be.", "All {count} rights are as they should be."
)
NOT_ASKED = _(
    "this principal may not ask for the rights of all: run this as an operator, or with --role"
)
NO_AUTHORIZER = _("The cluster has no authorizer: whoever reaches it may do everything.")
MAY_ALL = ngettext(
    "{principal} may do the {count} thing that {role} needs.",
    "{principal} may do all {count} things that {role} needs.",
)

OUR_OWN: Final = "doctor"
"""The end of names, under a prefix that is granted, that nobody uses."""

COMING: Final = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
"""Answers of a coordinator that another request gets another answer to."""

NOWHERE: Final = TopicPartition(OUR_OWN, 2**31 - 1)
"""A partition that no cluster has."""

POLL_S: Final = 0.2


async def examine(scope: Scope) -> list[Finding]:
    """As a role, all that it needs is tried; else the rights of all principals are compared."""
    return await (_compare_all(scope) if scope.role is None else _try_all(scope, scope.role))


async def _compare_all(scope: Scope) -> list[Finding]:
    want = list_wanted(read_rights(), scope.settings, scope.form)
    try:
        found = await differences(want, scope.settings)
    except ClusterError as error:
        if isinstance(error.__cause__, SecurityDisabled):
            return [ok(Part.KAFKA, "rights", NO_AUTHORIZER)]
        if isinstance(error.__cause__, NO_RIGHTS):
            return [unknown(Part.KAFKA, "rights", NOT_ASKED)]
        raise
    troubles = [
        trouble(Part.KAFKA, "rights", text.render(_facts(acl)), acl.principal)
        for text, acls in ((LACKS, found.missing), (SURPLUS, found.surplus))
        for acl in acls
    ]
    return troubles or [ok(Part.KAFKA, "rights", RIGHTS_ALIKE.render(len(want)))]


async def _try_all(scope: Scope, role: str) -> list[Finding]:
    rights, name = read_rights(), principal(scope.settings)
    alone = rights.model_copy(update={"principals": {role: rights.principals[role]}})
    want = list_wanted(alone, scope.settings, name)
    client = AIOKafkaClient(
        **connection_arguments(scope.settings), request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000)
    )
    try:
        await finish_start(client, client.bootstrap())
        missing = [acl async for acl in _missing(client, want)]
    finally:
        await client.close()
    troubles = [
        trouble(Part.KAFKA, "rights", LACKS.render(_facts(acl)), acl.principal) for acl in missing
    ]
    may = MAY_ALL.render(len(want), principal=name, role=role)
    return troubles or [ok(Part.KAFKA, "rights", may)]


async def _missing(client: AIOKafkaClient, want: list[Acl]) -> AsyncIterator[Acl]:
    """The rights that this connection lacks, of those that it needs."""
    topics = dict.fromkeys(_example(acl) for acl in want if acl.resource == Resource.TOPIC)
    answer = await client.send(client.get_random_node(), PermittedRequest(tuple(topics)))
    permitted = {
        (Resource.TOPIC, topic): _operations(bits) for _code, topic, _i, _p, bits in answer.topics
    }
    in_cluster = _operations(answer.cluster_authorized_operations)
    for acl in want:
        name = _example(acl)
        if (acl.resource, name) not in permitted:
            match acl.resource:
                case Resource.GROUP:
                    found = await _ask_coordinator(
                        lambda: _read_group_rights(client, name)  # noqa: B023 # awaited
                    )
                case Resource.TRANSACTIONAL_ID:
                    found = await _ask_coordinator(
                        lambda: _read_transaction_rights(client, name)  # noqa: B023
                    )
                case _:
                    found = in_cluster | await _cluster_action(client)
            permitted[acl.resource, name] = found
        if acl.operation not in permitted[acl.resource, name]:
            yield acl


def _example(acl: Acl) -> str:
    """A name that the right is about; behind a prefix, one that nobody uses."""
    return acl.name + OUR_OWN if acl.pattern == Pattern.PREFIXED else acl.name


def _operations(bits: int) -> frozenset[Operation]:
    """The operations in an answer: each is the bit of its code, and all of them where none is."""
    return frozenset(each for each in Operation if bits >= 0 and bits >> each & 1)


async def _ask_coordinator(
    ask: Callable[[], Awaitable[frozenset[Operation]]],
) -> frozenset[Operation]:
    """The answer of a coordinator, which a young cluster has to find first."""
    while True:
        try:
            return await ask()
        except COMING:
            await asyncio.sleep(POLL_S)


async def _read_group_rights(client: AIOKafkaClient, group: str) -> frozenset[Operation]:
    """The operations that this connection may do on a group."""
    try:
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        answer = await client.send(node, DescribeGroupsRequest([group], with_operations=True))
        code, *_, bits, _tags = answer.groups[0]
        if code:
            raise for_code(code)
    except GroupAuthorizationFailedError:
        return frozenset()
    return _operations(bits)


async def _read_transaction_rights(client: AIOKafkaClient, name: str) -> frozenset[Operation]:
    """The operations that this connection may do with a transactional id that nobody has.

    To end its transaction needs the right to write, and there is none: the broker asks for the
    right first, and then says that it knows no such producer.
    """
    try:
        node = await client.coordinator_lookup(CoordinationType.TRANSACTION, name)
        answer = await client.send(node, EndTxnRequest(name, 0, 0, transaction_result=False))
    except TransactionalIdAuthorizationFailed:
        return frozenset()
    kind: Any = for_code(answer.error_code)
    if kind is TransactionalIdAuthorizationFailed:
        return frozenset({Operation.DESCRIBE})
    if kind is not InvalidProducerIdMapping:
        raise kind
    return frozenset({Operation.DESCRIBE, Operation.WRITE})


async def _cluster_action(client: AIOKafkaClient) -> frozenset[Operation]:
    """CLUSTER_ACTION, if this connection holds it: without DESCRIBE no answer says so.

    To end a transaction in a partition that is not there needs the right, and ends nothing.
    """
    asked = WriteTxnMarkersRequest(OpenTransaction(NOWHERE, 0, 0, 0, 0), committed=False)
    answer = await client.send(client.get_random_node(), asked)
    [(_producer, [(_topic, [(_index, code, _)], _)], _)] = answer.markers
    refused = for_code(code) is ClusterAuthorizationFailedError
    return frozenset() if refused else frozenset({Operation.CLUSTER_ACTION})


def _facts(acl: Acl) -> dict[str, Any]:
    return {
        "principal": acl.principal,
        "operation": acl.operation.name,
        "resource": acl.resource.name.lower(),
        "name": acl.name,
    }
