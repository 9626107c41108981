"""`ecluse personal-data find` over the topics of a cluster and the tables in PostgreSQL."""

import json
from pathlib import Path
from typing import Final

from events.topics import DEAD_LETTERS, EVENTS, JOURNAL, PAYMENT_ORDERS
from tests.builders import a_bank_account, a_beneficiary, a_convention, a_vote, an_award
from tests.integration.command import written
from tests.kafka.cluster import Cluster, Sent
from tests.kafka.commands import DONE, asked
from tests.kafka.processes import Projector, Worker

HOLDER: Final = "Zoé Lefèvre"
EVENTS_OF_HERS: Final = (
    a_vote(),
    an_award(beneficiary=a_beneficiary(representative="LEFEVRE Zoe")),
    a_convention(bank_account=a_bank_account() | {"holder": HOLDER}),
)


def test_every_topic_and_table_that_holds_a_name(
    cluster: Cluster, postgresql_url: str, tmp_path: Path
) -> None:
    with Worker(cluster, tmp_path), Projector(cluster, postgresql_url, tmp_path) as projector:
        file = written(tmp_path / "events.jsonl", *EVENTS_OF_HERS)
        assert DONE == asked(cluster, "publish", file).code
        cluster.write([Sent(0, b"nobody", f'{{"{HOLDER}'.encode())])
        projector.until_rows(len(EVENTS_OF_HERS) + 1)
        command = ("personal-data", "find", "Zoé LEFÈVRE", "--json")
        result = asked(cluster, *command, ECLUSE_DATABASE_URL=postgresql_url)
    assert DONE == result.code, result.err
    answer = json.loads(result.out)
    found = {each["where"] for each in answer["places"]}
    topics = {f"{cluster.prefix}{each}" for each in (EVENTS, JOURNAL, PAYMENT_ORDERS, DEAD_LETTERS)}
    tables = {"ecluse_read.bank_accounts", "ecluse_read.grants", "ecluse_read.payment_orders"}
    assert topics | tables <= found
    assert found <= set(answer["searched"])
