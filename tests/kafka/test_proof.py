"""`ecluse verify` and `ecluse seal` over a cluster: what left it is proved with its journal."""

import json

from events.topics import INPUT_TOPICS, INTERNAL_EVENTS, JOURNAL
from services.ledger.domain.fiscal_year import next_year
from tests.builders import Json, a_payment, a_vote
from tests.kafka.closing_year import SETTLED, moving_budget, the_next, the_year
from tests.kafka.cluster import Cluster, partition_for
from tests.kafka.commands import UNREACHABLE, asked, object_of
from tests.kafka.stack import Stack

PARTITIONS = 4
AT = "2024-12-31T23:59:59+01:00"


def verified(cluster: Cluster, *args: object) -> Json:
    result = asked(cluster, "verify", "--json", *args)
    row: Json = json.loads(result.out)
    assert result.code == (0 if row["proved"] else 1)
    return row


def test_a_cluster_is_proved_sealed_and_held_to_its_seal(stack: Stack) -> None:
    budget = moving_budget(PARTITIONS)
    new = next_year(budget)
    stack.publish([*the_year(budget), a_vote(0, budget=budget)])
    with stack.ledger() as worker:
        stack.wait_for_records(7)
        stack.publish([a_payment(60_000, budget=budget), *the_next(new)])
        journal = stack.wait_for_records(11)
        assert 0 == worker.stop()
    stack.wait_until_settled(*SETTLED)
    home = partition_for(new, PARTITIONS)
    opened = {"topic": stack.name(INTERNAL_EVENTS), "partition": home, "offset": 0}
    assert (new, opened) == (journal[home][0]["budget"], journal[home][0]["source"])

    whole = verified(stack, "--redecide", "--figures")
    assert whole["proved"], whole["findings"]
    assert (PARTITIONS, 11) == (
        whole["counted"]["partitions"],
        whole["counted"]["records"][JOURNAL],
    )
    assert {"tracing", "decisions", "as_it_stands", "treasury"} == {
        each["code"] for each in whole["not_proved"]
    }
    again = whole["redecided"]
    assert (11, 1, 0) == (again["records"], again["dead_letters"], again["differing"])
    assert object_of(stack, "balances") == whole["figures"]

    alone = verified(stack, "--budget", budget)
    assert (1, [budget]) == (alone["counted"]["partitions"], list(alone["heads"]))
    (note,) = [each for each in alone["not_proved"] if each["code"] == "other_partitions"]
    assert partition_for(budget, PARTITIONS) == note["partition"]
    assert verified(stack, "--budget", f"_dead.{note['partition']}")["proved"]
    assert UNREACHABLE == asked(stack, "verify", "--budget", "nobody").code

    key, seal, export = (stack.folder / name for name in ("key.pem", "seal.json", "export.jsonl"))
    public = stack.folder / "public.pem"
    public.write_bytes(asked(stack, "seal", "--new-key", key).out)
    # The ledger is behind: what is in its journal is sealed all the same.
    stack.publish([a_vote(1, stage="supplementary", budget=new)])
    sealed = asked(stack, "seal", "--key", key, "-o", seal, "--at", AT, "--json")
    assert (0, 11) == (sealed.code, json.loads(sealed.out)["statement"]["records"])
    held = ("--seal", seal, "--public-key", public)
    behind = verified(stack, *held)
    assert {"not_yet_journalled": 1} == behind["codes"]
    assert INPUT_TOPICS[0] == behind["findings"][0]["topic"]
    assert 3 == behind["seal"]["chains"]

    lines = asked(stack, "journal", "tail", "-n", 99, "--json").out.splitlines(keepends=True)
    export.write_bytes(b"".join(lines))
    assert verified(stack, "--journal", export, *held)["proved"]
    last = max(at for at, line in enumerate(lines) if json.loads(line)["budget"] == new)
    export.write_bytes(b"".join(lines[:last] + lines[last + 1 :]))
    assert verified(stack, "--journal", export)["proved"], "nothing but the seal shows it"
    assert {"sealed_chain_short": 1} == verified(stack, "--journal", export, *held)["codes"]
