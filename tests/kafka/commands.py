"""Commands asked of a cluster, and journal records that nobody decided."""

import json

from services.ledger.domain.journal import JournalRecord, Outcome, Source
from tests.builders import Json
from tests.integration.command import CommandResult, ecluse
from tests.kafka.cluster import Cluster

DONE, WRONG, UNREACHABLE = 0, 1, 3
"""Exit codes."""


def asked(cluster: Cluster, *args: object, given: bytes = b"", **env: str) -> CommandResult:
    """What a command says of this cluster."""
    where = cluster.environment | {"ECLUSE_LOG_LEVEL": "WARNING"}
    return ecluse(*args, given=given, **where, **env)


def object_of(cluster: Cluster, *args: object, code: int = DONE) -> Json:
    """The object that a command prints for programs, with `--json`."""
    result = asked(cluster, *args, "--json")
    assert code == result.code, result.err
    found: Json = json.loads(result.out)
    return found


def sequences(result: CommandResult) -> list[tuple[str, int]]:
    found = [json.loads(line) for line in result.out.splitlines()]
    return [(row["budget"], row["sequence"]) for row in found]


def record(chain: str, sequence: int, offset: int) -> bytes:
    """What the journal holds of a record of no matter."""
    source = Source("events", 0, offset)
    dead = {"reason": "bad_json", "length": 1} if chain.startswith("_dead.") else None
    outcome = Outcome.DUPLICATE if dead is None else Outcome.DEAD_LETTER
    sealed = JournalRecord(chain, sequence, "", source, outcome, None, "", dead_letter=dead)
    return sealed.seal()
