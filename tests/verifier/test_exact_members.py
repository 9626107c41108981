"""The bytes of a record and its members are the contract's: nothing more, nothing spelled twice."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import Json
from tests.verifier.exports import proof_of, recorded, rewritten

YEARS = recorded("year-end-2023.journal.jsonl")
HARD = recorded("hard-year-2023.journal.jsonl")
LAST = re.compile(rb',("hash":"\w{64}"),"source":\{("topic":"[^"]*"),("partition":0),(.*)\}\}$')

RESPELLED = {
    "hash and source change places": rb',"source":{\2,\3,\4},\1}',
    "members of the source change places": rb',\1,"source":{\3,\2,\4}}',
    "a space in the source": rb',\1,"source":{\2, \3,\4}}',
    "a name is escaped": rb',\1,"sour\\u0063e":{\2,\3,\4}}',
}


@pytest.mark.parametrize("made", RESPELLED.values(), ids=RESPELLED)
def test_what_stands_behind_the_event_is_spelled_as_the_contract_says(
    made: bytes, tmp_path: Path
) -> None:
    lines = [*YEARS]
    lines[2] = LAST.sub(made, lines[2])
    assert lines[2] != YEARS[2]
    report = proof_of(lines, tmp_path)
    assert {"spelled_otherwise": 1} == report.counts
    assert [3] == [each.place.offset for each in report.findings]


def of_orders(change: Callable[[Json], object]) -> Callable[[Json], None]:
    return of("payment_orders", change)


def of_lines(change: Callable[[Json], object]) -> Callable[[Json], None]:
    return of_orders(lambda order: [change(each) for each in order.get("lines", ())])


def of(member: str, change: Callable[[Json], object]) -> Callable[[Json], None]:
    def changed(row: Json) -> None:
        value: Any = row[member]
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                change(each)

    return changed


def more(row: Json) -> None:
    row["more"] = None


def cents_with_a_fraction(row: Json) -> None:
    row["amount_cents"] = float(row["amount_cents"])


def false_for_nothing(row: Json) -> None:
    if row["paid_cents"] == 0:
        row["paid_cents"] = False


CHANGES = {
    "an order's cents with a fraction": of_orders(cents_with_a_fraction),
    "false for 0": of_orders(false_for_nothing),
    "a member more of an order": of_orders(more),
    "a member more of an order's account": of_orders(lambda row: more(row.get("bank_account", {}))),
    "a member more of an order's line": of_lines(more),
    "a member less of an order's line": of_lines(lambda row: row["line"].pop("function")),
    "a member more of a move": of("moves", more),
    "a move's cents with a fraction": of("moves", cents_with_a_fraction),
    "a member more of a move's line": of("moves", lambda row: more(row["line"])),
    "a member more of an entry": of("commitment_entries", more),
    "an entry's cents with a fraction": of("commitment_entries", cents_with_a_fraction),
    "a member more of an act": of("commitment_entries", lambda row: more(row["act"])),
    "a member more of a refusal": of("refusal", more),
    "true for a fact": of("refusal", lambda row: row["facts"].update(more=[True])),
    "a member more of what is awaited": of("waits_for", more),
    "a member more of a flag": of("review_flags", more),
    "a flag that is a text": lambda row: row["review_flags"] and row.update(review_flags=["x"]),
    "a member more of a dead letter": of("dead_letter", more),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_members_are_the_contract_s_and_integers_are_integers(
    change: Callable[[Json], None], tmp_path: Path
) -> None:
    changed = rewritten(HARD, change)
    rows = zip(map(json.dumps, map(json.loads, HARD)), changed, strict=True)
    at = {
        number
        for number, (before, now) in enumerate(rows, start=1)
        if _effects(json.loads(before)) != _effects(json.loads(now))
    }
    report = proof_of(changed, tmp_path)
    assert at
    malformed = [each for each in report.findings if each.code.code == "record_malformed"]
    assert at == {each.place.offset for each in malformed}


def _effects(row: Json) -> str:
    hashes = ("hash", "previous_hash")
    return json.dumps({name: each for name, each in row.items() if name not in hashes})


def test_a_rewriter_who_changes_nothing_writes_the_same_bytes() -> None:
    for lines in (YEARS, HARD):
        assert [*lines] == rewritten(lines, lambda _row: None)


def test_of_an_order_s_lines_what_differs_is_said(tmp_path: Path) -> None:
    """However many lines and services stand before it."""
    lines = recorded("lille-avenirs-2023.journal.jsonl")

    def change(row: Json) -> None:
        for order in row["payment_orders"] or ():
            if "lines" in order:
                order["lines"][-1]["services"][-1]["code"] = "SPORT"

    findings = proof_of(rewritten(lines, change), tmp_path).findings
    assert ["order_differs"] * 2 == [each.code.code for each in findings]
    expected = "line 3, service 1: ('EMPLOI', 7550000) expected, ('SPORT', 7550000) found"
    assert expected in findings[0].text.en
