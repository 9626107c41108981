"""`ecluse personal-data find` over the topics of a cluster and the tables in PostgreSQL."""

import json
from typing import Final

from events.topics import DEAD_LETTERS, EVENTS, JOURNAL, PAYMENT_ORDERS
from tests.builders import a_bank_account, a_beneficiary, a_convention, a_vote, an_award
from tests.integration.command import written
from tests.kafka.cluster import Sent
from tests.kafka.commands import DONE, asked
from tests.kafka.stack import Stack

HOLDER: Final = "Zoé Lefèvre"
EVENTS_OF_HERS: Final = (
    a_vote(),
    an_award(beneficiary=a_beneficiary(representative="LEFEVRE Zoe")),
    a_convention(bank_account=a_bank_account() | {"holder": HOLDER}),
)


def test_every_topic_and_table_that_holds_a_name(stack: Stack, postgresql_url: str) -> None:
    with stack.ledger(), stack.projector(postgresql_url) as projector:
        file = written(stack.folder / "events.jsonl", *EVENTS_OF_HERS)
        assert DONE == asked(stack, "publish", file).code
        stack.write([Sent(0, b"nobody", f'{{"{HOLDER}'.encode())])
        projector.until_rows(len(EVENTS_OF_HERS) + 1)
        command = ("personal-data", "find", "Zoé LEFÈVRE", "--json")
        result = asked(stack, *command, ECLUSE_DATABASE_URL=postgresql_url)
    assert DONE == result.code, result.err
    answer = json.loads(result.out)
    found = {each["where"] for each in answer["places"]}
    topics = {f"{stack.prefix}{each}" for each in (EVENTS, JOURNAL, PAYMENT_ORDERS, DEAD_LETTERS)}
    tables = {"ecluse_read.bank_accounts", "ecluse_read.grants", "ecluse_read.payment_orders"}
    assert topics | tables <= found
    assert found <= set(answer["searched"])
