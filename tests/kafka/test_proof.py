"""`ecluse verify` and `ecluse seal` over a cluster: what left it is proved with its journal."""

import json
from pathlib import Path

from events.topics import INPUT_TOPICS, INTERNAL_EVENTS, JOURNAL
from services.ledger.domain.fiscal_year.year_openings import next_year
from tests.builders import Json, a_payment, a_vote
from tests.kafka.closing_year import SETTLED, moving_budget, the_next, the_year
from tests.kafka.cluster import Cluster, partition_for
from tests.kafka.commands import UNREACHABLE, asked, object_of
from tests.kafka.processes import Worker

PARTITIONS = 4
AT = "2024-12-31T23:59:59+01:00"


def verified(cluster: Cluster, *args: object) -> Json:
    result = asked(cluster, "verify", "--json", *args)
    row: Json = json.loads(result.out)
    assert result.code == (0 if row["proved"] else 1)
    return row


def test_a_cluster_is_proved_sealed_and_held_to_its_seal(cluster: Cluster, tmp_path: Path) -> None:
    budget = moving_budget(PARTITIONS)
    new = next_year(budget)
    cluster.publish([*the_year(budget), a_vote(0, budget=budget)])
    with Worker(cluster, tmp_path) as worker:
        cluster.wait_for_records(7)
        cluster.publish([a_payment(60_000, budget=budget), *the_next(new)])
        journal = cluster.wait_for_records(11)
        assert 0 == worker.stop()
    cluster.wait_until_settled(*SETTLED)
    home = partition_for(new, PARTITIONS)
    opened = {"topic": cluster.name(INTERNAL_EVENTS), "partition": home, "offset": 0}
    assert (new, opened) == (journal[home][0]["budget"], journal[home][0]["source"])

    whole = verified(cluster, "--redecide", "--figures")
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
    assert object_of(cluster, "balances") == whole["figures"]

    alone = verified(cluster, "--budget", budget)
    assert (1, [budget]) == (alone["counted"]["partitions"], list(alone["heads"]))
    (note,) = [each for each in alone["not_proved"] if each["code"] == "other_partitions"]
    assert partition_for(budget, PARTITIONS) == note["partition"]
    assert verified(cluster, "--budget", f"_dead.{note['partition']}")["proved"]
    assert UNREACHABLE == asked(cluster, "verify", "--budget", "nobody").code

    key, seal, export = (tmp_path / name for name in ("key.pem", "seal.json", "export.jsonl"))
    public = tmp_path / "public.pem"
    public.write_bytes(asked(cluster, "seal", "--new-key", key).out)
    # The ledger is behind: what is in its journal is sealed all the same.
    cluster.publish([a_vote(1, stage="supplementary", budget=new)])
    sealed = asked(cluster, "seal", "--key", key, "-o", seal, "--at", AT, "--json")
    assert (0, 11) == (sealed.code, json.loads(sealed.out)["statement"]["records"])
    held = ("--seal", seal, "--public-key", public)
    behind = verified(cluster, *held)
    assert {"not_yet_journalled": 1} == behind["codes"]
    assert INPUT_TOPICS[0] == behind["findings"][0]["topic"]
    assert 3 == behind["seal"]["chains"]

    lines = asked(cluster, "journal", "tail", "-n", 99, "--json").out.splitlines(keepends=True)
    export.write_bytes(b"".join(lines))
    assert verified(cluster, "--journal", export, *held)["proved"]
    last = max(at for at, line in enumerate(lines) if json.loads(line)["budget"] == new)
    export.write_bytes(b"".join(lines[:last] + lines[last + 1 :]))
    assert verified(cluster, "--journal", export)["proved"], "nothing but the seal shows it"
    assert {"sealed_chain_short": 1} == verified(cluster, "--journal", export, *held)["codes"]
