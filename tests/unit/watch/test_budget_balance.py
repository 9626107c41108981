"""What counts as a difference between journal and published balances, and until when."""

import json
from typing import Any

import pytest

from events.journal import Line
from events.topics import BALANCES, JOURNAL, Place
from services.watch.tables.balances import Fault
from services.watch.tables.budget_balance import Difference, Key, Kind, TopicKey
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_line,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.watch.ledger_output import Out, encoded, transactions
from tests.unit.watch.reader import Reader, of_topic

LINE = Key(None, Line(chapter="65", article="65748", function="61", operation="489"))
VOTE = a_vote(100_000, appropriations=[an_amount(100_000)])
MORE = a_vote(50, stage="supplementary", vote_level=..., appropriations=[an_amount(50)])


def published_by(*events: Json) -> tuple[list[Out], list[Out]]:
    """Journal and balances of events, each in a transaction of its own."""
    outs = list(transactions([[event] for event in encoded(*events)]))
    return of_topic(outs, JOURNAL), of_topic(outs, BALANCES)


def changed(out: Out, sequence: int | None = None, **cents: int) -> Out:
    """The balance with other figures."""
    assert out.value is not None
    message = json.loads(out.value)
    message["data"]["balance"] |= cents
    message["data"]["sequence"] = sequence or message["data"]["sequence"]
    return out._replace(value=json.dumps(message).encode())


def read(*outs: Out) -> Reader:
    reader = Reader()
    for out in outs:
        reader.read(out)
    return reader


def overdue(reader: Reader) -> list[tuple[Kind, Key | None, int | None]]:
    """What is wrong if all that there is was read."""
    found = reader.live.overdue(reader.live.open_ends(0))
    return [(each.kind, each.key, each.sequence) for each in found]


def test_a_balance_that_comes_before_its_record_waits_for_it() -> None:
    (record,), (balance,) = published_by(VOTE)
    wrong = changed(balance, available_cents=99_999)
    reader = read(wrong)
    assert ([], 0) == (reader.found, reader.live.comparisons.count)
    reader.read(record)
    (found,) = reader.found
    live = {"available_cents": 100_000, "appropriated_cents": 100_000}
    assert isinstance(found, Difference)
    assert (Kind.AMOUNTS, BUDGET, LINE, 1) == found[:4]
    assert found.live is not None
    assert live == {column: cents for column, cents in found.live.items() if cents}
    assert 1 == reader.live.comparisons.count


def test_a_balance_older_than_what_is_live_is_not_held_against_it() -> None:
    (vote, more), (first, second) = published_by(VOTE, MORE)
    reader = read(vote, more, changed(first, available_cents=1), second)
    assert ([], []) == (reader.found, overdue(reader))


def test_only_the_last_balance_before_its_record_counts() -> None:
    (vote, more), (first, second) = published_by(VOTE, MORE)
    reader = read(changed(first, available_cents=1), second, vote, more)
    assert ([], []) == (reader.found, overdue(reader))


def test_a_right_balance_ends_a_difference() -> None:
    (vote, more), (first, second) = published_by(VOTE, MORE)
    reader = read(vote, changed(first, paid_cents=1))
    assert 1 == reader.live.differences()
    reader.read(more)
    assert 1 == reader.live.differences(), "nobody has put it right yet"
    reader.read(second)
    assert (0, []) == (reader.live.differences(), overdue(reader))


def test_a_balance_of_a_line_that_the_journal_does_not_know_differs() -> None:
    (vote,), (balance,) = published_by(VOTE)
    key = balance.key and balance.key.replace(b'"489"', b'"490"')
    value = balance.value and balance.value.replace(b'"489"', b'"490"')
    reader = read(vote, balance, balance._replace(key=key, value=value))
    (found,) = reader.found
    assert isinstance(found, Difference)
    assert (Kind.NOT_IN_JOURNAL, a_line("490")) == (found.kind, found.row()["line"])
    reader.read(balance._replace(key=key, value=None))
    assert 0 == reader.live.differences(), "it was withdrawn"


def test_a_balance_that_follows_no_record_is_overdue() -> None:
    (vote,), (balance,) = published_by(VOTE)
    reader = read(vote, balance, changed(balance, sequence=7))
    assert [] == reader.found
    assert [(Kind.NOT_IN_JOURNAL, LINE, 7)] == overdue(reader)


def test_a_balance_of_a_budget_without_journal_is_overdue() -> None:
    _, (balance,) = published_by(VOTE)
    reader = read(balance)
    assert [(Kind.NOT_IN_JOURNAL, LINE, 1)] == overdue(reader)


def test_a_balance_that_was_not_published_is_overdue_once_until_it_is() -> None:
    (vote, more), (first, second) = published_by(VOTE, MORE)
    reader = read(vote, first, more)
    ends = reader.live.open_ends(0)
    assert [(Kind.NOT_PUBLISHED, LINE, 2)] == overdue(reader)
    assert [] == overdue(reader), "it was given"
    assert 1 == reader.live.differences()
    reader.read(second)
    assert ([], 0) == (reader.live.overdue(ends), reader.live.differences())


def test_what_moved_since_it_was_suspected_is_not_overdue() -> None:
    (vote, more), (first, _) = published_by(VOTE, MORE)
    reader = read(vote)
    ends = reader.live.open_ends(0)
    reader.read(first)
    reader.read(more)
    assert [] == reader.live.overdue(ends)


def test_an_older_balance_that_takes_the_place_of_a_newer_one_is_overdue() -> None:
    (vote, more), (first, second) = published_by(VOTE, MORE)
    reader = read(vote, more, first, second)
    assert [] == overdue(reader)
    reader.read(first)
    assert [(Kind.NOT_PUBLISHED, LINE, 2)] == overdue(reader)


def test_a_balance_withdrawn_while_it_lives_is_overdue() -> None:
    (vote,), (balance,) = published_by(VOTE)
    reader = read(vote, balance, balance._replace(value=None))
    assert [(Kind.NOT_PUBLISHED, LINE, 1)] == overdue(reader)


def a_replaced_grant() -> tuple[list[Out], list[Out]]:
    """Rules, 13: a convention takes the place of a grant that stood alone."""
    award = an_award(1_000, requires_convention=False)
    return published_by(VOTE, award, a_convention(1_000, instalments=[an_instalment(1_000)]))


def test_the_money_of_a_grant_goes_on_under_the_name_of_its_convention() -> None:
    journal, balances = a_replaced_grant()
    reader = read(*journal, *balances)
    assert ["C"] == [row["convention"] for row in reader.tables()["conventions"]]
    assert ([], []) == (reader.found, overdue(reader))


def test_a_balance_that_outlives_its_grant_is_overdue() -> None:
    journal, balances = a_replaced_grant()
    (end,) = [each for each in balances if each.value is None]
    reader = read(*journal, *(each for each in balances if each is not end))
    assert [] == reader.found
    grant = Key("G", LINE.line)
    assert [Kind.NOT_IN_JOURNAL] == [kind for kind, key, _ in overdue(reader) if key == grant]
    reader.read(end)
    assert 0 == reader.live.differences()


def test_a_balance_published_after_the_end_of_its_grant_differs() -> None:
    journal, balances = a_replaced_grant()
    (end,) = [each for each in balances if each.value is None]
    alive = next(each for each in balances if each.key == end.key)
    reader = read(*journal, *balances, changed(alive, sequence=3))
    assert [Kind.NOT_IN_JOURNAL] == [
        each.kind for each in reader.found if isinstance(each, Difference)
    ]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        (b"not json", b"{}", "malformed"),
        (b'["only one"]', b"{}", "key of 1 names"),
        (None, b"{}", "truncated"),
        (..., b"\xff", "malformed"),
        (..., b'{"type":"ecluse.event.refused.v1","data":{}}', "type ecluse.event.refused.v1"),
        (..., b'{"type":"ecluse.balance.updated.v1","data":{}}', "2 faults in data"),
    ],
)
def test_a_balance_that_nobody_can_read_is_a_difference(key: Any, value: bytes, why: str) -> None:
    (vote,), (balance,) = published_by(VOTE)
    given = balance._replace(key=balance.key if key is ... else key, value=value)
    reader = read(vote, balance, given)
    (found,) = reader.found
    assert isinstance(found, Difference)
    assert Kind.NOT_READABLE == found.kind
    assert found.why is not None
    assert why in found.why.lower()
    assert 1 == reader.live.differences(), "so the alarm rings too"


def test_a_key_that_names_no_balance_differs_until_it_is_taken_away() -> None:
    (vote,), (balance,) = published_by(VOTE)
    unnamed = balance._replace(key=b'["only one"]')
    reader = read(vote, balance, unnamed, unnamed)
    assert (2, 1) == (len(reader.found), reader.live.differences())
    reader.read(balance)
    assert 1 == reader.live.differences(), "a right balance elsewhere puts nothing right here"
    reader.read(unnamed._replace(key=b"another"))
    assert 2 == reader.live.differences()
    reader.read(unnamed._replace(value=None))
    reader.read(unnamed._replace(key=b"third", value=None))
    assert (3, 1) == (len(reader.found), reader.live.differences())


def test_a_key_that_names_no_balance_goes_to_others_with_its_partition() -> None:
    (_,), (balance,) = published_by(VOTE)
    reader = read(balance._replace(key=None))
    here = Place(BALANCES, balance.partition)
    reader.live.keep_only([here])
    assert 1 == reader.live.differences()
    reader.live.keep_only([Place(JOURNAL, balance.partition)])
    assert 0 == reader.live.differences()


def test_a_balance_under_the_key_of_another_is_a_difference() -> None:
    (vote,), (balance,) = published_by(VOTE)
    key = balance.key and balance.key.replace(b'"489"', b'"490"')
    (found,) = read(vote, balance, balance._replace(key=key)).found
    assert isinstance(found, Difference)
    assert (Kind.NOT_READABLE, "the key is not that of the balance") == (found.kind, found.why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((b'"sequence":2', b'"sequence":3'), "record 3 follows 1"),
        ((b'"sequence":2', b'"sequence":1'), "record 1 follows 1"),
        ((b'"to":"available"', b'"to":"elsewhere"'), "Invalid enum value 'elsewhere'"),
        ((b'"budget":"', b'"badget":"'), "missing required field `budget`"),
    ],
)
def test_a_journal_that_does_not_add_up_is_a_fault_and_its_figures_are_unknown(
    change: tuple[bytes, bytes], why: str
) -> None:
    (vote, more), (first, second) = published_by(VOTE, MORE)
    assert more.value is not None
    assert change[0] in more.value
    broken = more._replace(value=more.value.replace(*change, 1))
    reader = read(vote, first, broken, second, more)
    (found,) = reader.found
    assert isinstance(found, Fault)
    assert (BUDGET, 0, 1) == found[:3]
    assert why in found.why
    assert {} == reader.live.open_ends(0), "what is unknown is not compared"


def test_open_ends_are_listed_by_key() -> None:
    (vote,), (balance,) = published_by(VOTE)
    assert {TopicKey(BUDGET, LINE): (1, 0, 0)} == read(vote).live.open_ends(0)
    assert {TopicKey(BUDGET, LINE): (0, 0, 1)} == read(balance).live.open_ends(0)
    assert {} == read(vote, balance).live.open_ends(0)
    assert {} == read(vote).live.open_ends(1), "another partition's"
