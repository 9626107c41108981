"""Each defect that one could plant in a good cluster is found, and called by its name."""

import re
from dataclasses import replace

import pytest

from services.ledger.domain.rules.table import HANDLERS
from services.texts.translation import both
from services.verifier.findings import Code
from services.verifier.kafka_records import partition_of
from tests.builders import a_vote
from tests.integration.test_seal import SEALED
from tests.verifier.defects_at_year_ends import YEAR_ENDS
from tests.verifier.defects_in_decisions import ACCEPTED, REFUSED, RuleLeftOut
from tests.verifier.defects_in_journals import CHAIN, DECIDED, MONEY, TURNS
from tests.verifier.defects_in_topics import BALANCED, MESSAGES, PURGED, SOURCES
from tests.verifier.memory_cluster import MemoryCluster
from tests.verifier.planting import Planted
from tests.verifier.scenarios import a_closed_cluster, a_cluster

FACT = re.compile(r"{(\w+)}")


ALL = [*CHAIN, *DECIDED, *MONEY, *TURNS, *SOURCES, *PURGED, *MESSAGES, *BALANCED]


def test_nothing_is_wrong_with_a_good_cluster() -> None:
    assert [] == a_cluster().findings()
    assert [] == a_closed_cluster().findings()


@pytest.mark.parametrize("planted", ALL, ids=lambda each: each.defect)
def test_a_planted_defect_is_found(planted: Planted) -> None:
    find_in(a_cluster(), planted)


@pytest.mark.parametrize("planted", YEAR_ENDS, ids=lambda each: each.defect)
def test_a_defect_that_is_planted_at_the_end_of_a_year_is_found(planted: Planted) -> None:
    find_in(a_closed_cluster(), planted)


def find_in(cluster: MemoryCluster, planted: Planted) -> None:
    planted.plant(cluster)
    codes = set(cluster.codes())
    assert set() == set(planted.found.split()) - codes
    assert set() == codes - {*planted.found.split(), *planted.also.split()}


@pytest.mark.parametrize("left_out", [*ACCEPTED, *REFUSED], ids=lambda each: each.defect)
def test_a_ledger_that_forgets_a_rule_is_disproved(
    left_out: RuleLeftOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [] == MemoryCluster().tell(left_out.events).codes()
    for event, handler in HANDLERS.items():
        if handler.decide is vars(left_out.where)[left_out.name]:
            monkeypatch.setitem(HANDLERS, event, replace(handler, decide=left_out.instead))
    monkeypatch.setattr(left_out.where, left_out.name, left_out.instead)
    assert set(left_out.found.split()) == set(MemoryCluster().tell(left_out.events).codes())


def test_a_budget_on_another_partition_is_found() -> None:
    misled = MemoryCluster(home=lambda key, count: 1 - partition_of(key, count)).tell([a_vote()])
    assert ["wrong_partition"] == misled.codes()


def test_each_code_is_planted_here() -> None:
    planted = {code for each in [*ALL, *YEAR_ENDS] for code in each.found.split()}
    planted |= {code for each in [*ACCEPTED, *REFUSED] for code in each.found.split()}
    planted |= {"wrong_partition", *(each.found for each in SEALED)}
    planted |= {"closed_year_missing"}  # of a journal alone: test_openings.py
    planted |= {"opened_too_late"}  # of a database: tests/integration/test_verify.py
    assert {code.code for code in Code} == planted


def test_each_code_says_the_same_in_both_languages() -> None:
    for sentence in (both(code.value) for code in Code):
        french, english = (set(FACT.findall(text)) for text in (sentence.fr, sentence.en))
        assert french == english
