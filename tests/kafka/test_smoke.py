"""One year through a real broker: the ledger is killed, its state is lost, each event is once."""

import json

from events import topics
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.stack import Stack
from tests.waiting import eventually

PARTITIONS = 2


def test_a_year_whose_ledger_is_killed_in_a_transaction_is_the_year_of_a_replay(
    stack: Stack,
) -> None:
    assert DONE == asked(stack, "publish", EXAMPLE).code
    with stack.ledger(fault="stubborn_commit") as worker:
        eventually(lambda: not stack.is_settled([topics.JOURNAL]), "no transaction is open")
        worker.kill()
    replayed = ecluse("replay", EXAMPLE, "--json")
    stack.decided(json.loads(replayed.out)["events"])
    stack.wait_until_settled(topics.JOURNAL)
    assert replayed.out == asked(stack, "balances", "--json", "--strict").out
    for language in ("fr", "en"):
        tables = asked(stack, "balances", "--lang", language).out
        assert ecluse("replay", EXAMPLE, "--lang", language).out == tables
    assert [] == object_of(stack, "verify", "--redecide")["findings"]

    before = stack.state()
    stack.recreate(topics.LEDGER_STATE)
    with stack.ledger() as third:
        third.wait_for_states(running=PARTITIONS)
        assert third.logged("state_rebuilt")
        assert 0 == third.stop()
    assert [each.keys() for each in before.values()] == [
        each.keys() for each in stack.state().values()
    ]
    assert replayed.out == asked(stack, "balances", "--json", "--strict").out
