"""A journal decided again: the same rules say the same, others are seen where they differ."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import JournalRow, StoreError
from services.ledger.application.redecide import Difference, RedecisionResult
from services.ledger.domain import limits, order_issuing
from services.ledger.domain.journal import RULES_VERSION, Source
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_convention,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.golden.record import HERE
from tests.journal_records import redecided

NAMES = sorted(file.name.removesuffix(".journal.jsonl") for file in HERE.glob("*.journal.jsonl"))


def recorded(name: str) -> list[JournalRow]:
    lines = (HERE / f"{name}.journal.jsonl").read_bytes().splitlines()
    text = [json.loads(line) for line in lines]
    return [
        JournalRow(s["budget"], s["sequence"], line) for s, line in zip(text, lines, strict=True)
    ]


def rows_of(history: Scenario) -> list[JournalRow]:
    return list(history.store.journal())


@pytest.mark.parametrize("name", NAMES)
def test_the_present_rules_decide_a_recorded_history_as_it_was(name: str) -> None:
    rows = recorded(name)
    dead = sum(json.loads(row.record)["outcome"] == "dead_letter" for row in rows)
    assert RedecisionResult(len(rows), dead, Counter({RULES_VERSION: len(rows)})) == redecided(rows)


@pytest.mark.parametrize("name", NAMES)
def test_chains_may_stand_one_after_the_other(name: str) -> None:
    rows = sorted(recorded(name), key=lambda row: row.budget)
    assert [] == redecided(rows).differences


def places(found: list[Difference]) -> list[tuple[int, list[str]]]:
    return [(each.sequence, [change.member for change in each.changes]) for each in found]


def an_award_alone(amount_cents: int, grant: str) -> Json:
    return an_award(amount_cents, grant=grant, requires_convention=False)


def test_another_threshold_is_seen_where_an_award_crosses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """23,000 € as decided; from 12,000 € on, the second award would need a convention."""
    history = Scenario(
        a_vote(9_000_000),
        an_award_alone(1_000_000, "A"),
        an_award_alone(1_000_000, "B"),
        an_award_alone(1_000_000, "C"),
    )
    rows = rows_of(history)
    assert "convention_required" == (history.last.refusal or {})["code"]
    monkeypatch.setattr(limits, "CONVENTION_THRESHOLD_CENTS", 1_200_000)
    result = redecided(rows)
    second, third = result.differences
    members = ["outcome", "refusal", "moves", "commitment_entries"]
    assert (3, members) == (second.sequence, [each.member for each in second.changes])
    assert ("accepted", "refused") == (second.changes[0].recorded, second.changes[0].now)
    assert "convention_required" == second.changes[1].now["code"]
    # The facts of the third's refusal name the sum, and that has become smaller.
    assert (4, ["refusal"]) == (third.sequence, [each.member for each in third.changes])
    assert (2, {"outcome": 1, "refusal": 2, "moves": 1, "commitment_entries": 1}) == (
        result.row()["differing"],
        result.row()["codes"],
    )


def test_another_delay_is_seen_in_each_order_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = recorded("lille-avenirs-2023")
    issuing = [
        row.sequence
        for row in rows
        if any("issued_on" in each for each in json.loads(row.record)["payment_orders"] or ())
    ]
    touching = [row.sequence for row in rows if json.loads(row.record)["payment_orders"]]
    monkeypatch.setattr(order_issuing, "PAYMENT_DELAY", timedelta(days=30))
    found = redecided(rows).differences
    assert [(each, ["payment_orders"]) for each in touching] == places(found)
    first = found[0].changes[0]
    assert ("2023-07-14", "2023-06-14") == (first.recorded[0]["due_on"], first.now[0]["due_on"])
    assert set(issuing) <= set(touching)
    assert len(touching) == len(found)


def test_what_goes_on_at_another_time_is_seen_at_both_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A rule that lets no award pass: what waited for its convention still waits."""
    history = Scenario(
        a_vote(), a_notification(), an_award_alone(100_000, "C"), a_vote(_id="again")
    )
    assert ["accepted", "parked", "accepted", "accepted", "refused"] == [
        each.outcome.value for each in history.records
    ]
    rows = rows_of(history)
    monkeypatch.setattr(limits, "CONVENTION_THRESHOLD_CENTS", 1)
    found = redecided(rows).differences
    assert [3, 4] == [each.sequence for each in found]
    resumed = found[1].changes[0]
    assert ("outcome", "accepted", None) == resumed


def test_what_would_go_on_now_is_seen_behind_what_would_wake_it() -> None:
    with pytest.MonkeyPatch.context() as then:
        then.setattr(limits, "CONVENTION_THRESHOLD_CENTS", 1)
        history = Scenario(a_vote(), a_notification(), an_award_alone(100_000, "C"))
    found = redecided(rows_of(history)).differences
    assert [3, 3] == [each.sequence for each in found]
    assert [history.records[2].event_id, history.records[1].event_id] == [
        each.event_id for each in found
    ]
    assert ("outcome", None, "accepted") == found[1].changes[0]


def test_events_read_at_one_place_before_and_after_an_import_differ() -> None:
    """What waited was read on topics that are gone; what wakes it, at that place of new ones."""
    ledger, place = Ledger(), Source("events", 0, 1)
    for event in (a_vote(), a_notification(), an_award_alone(100_000, "C")):
        ledger.handle(RawRecord(encoded(event), place))
    rows = ledger.commit_batch([]).records
    assert [None, None, None, 2] == [json.loads(row.record)["resumes"] for row in rows]
    assert [] == redecided(rows).differences


def test_an_event_that_this_version_cannot_read_is_named() -> None:
    history = Scenario(a_vote())
    (row,) = rows_of(history)
    damaged = row.record.replace(b'"stage":"initial"', b'"stage":"another"')
    with pytest.raises(StoreError, match=f"journal {BUDGET}/1: its event is not readable"):
        redecided([row._replace(record=damaged)])


def test_nothing_is_logged_as_if_it_had_happened(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_of(
        Scenario(a_notification(), a_vote(), an_award(), a_convention(), a_payment(1), a_payment(1))
    )
    capsys.readouterr()
    redecided(rows)
    assert ("", "") == capsys.readouterr()


def test_a_long_journal_is_discarded_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ledger.application.redecide.DISCARD_EVERY", 2)
    balance = an_instalment(40_000, "balance", documents=[("activity_report", 2022)])
    history = Scenario(
        a_vote(),
        an_award(),
        a_convention(instalments=[an_instalment(60_000), balance]),
        a_report(),
        *(a_payment(each) for each in range(1, 9)),
    )
    assert [] == redecided(rows_of(history)).differences
