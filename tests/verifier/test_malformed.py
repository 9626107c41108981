"""Bytes that no ledger writes: each is found with its place, and none stops the proof."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.verifier.findings import Findings, Place, UnreachableError
from services.verifier.journal_alone import JournalAlone, KeptDeadLetter
from services.verifier.journal_proof import Row
from services.verifier.records import read_record, sha256_hex
from services.verifier.seals import NotASealError
from services.verifier.signing import public_pem, read_seal
from tests.builders import Json
from tests.verifier.exports import kind_of, proof_of, recorded, rewritten
from tests.verifier.planting import spelled

YEARS = recorded("year-end-2023.journal.jsonl")
DEEP = b"[" * 990 + b"]" * 990
HALF = r"\ud800"

SPOILT = {
    "no number": (rb'"rules_version":1', b'"rules_version":NaN'),
    "a number beyond all range": (rb'"rules_version":1', b'"rules_version":1e999'),
    "half a character": (rb'"event_id":"', b'"event_id":"' + HALF.encode()),
    "half a character in the event": (rb'"event":{', b'"event":{"x":"' + HALF.encode() + b'",'),
    "too many levels": (rb'"moves":(null|\[)', b'"moves":[%s,' % DEEP),
    "too many levels in the event": (rb'"data":{', b'"data":{"x":%s,' % DEEP),
}


@pytest.mark.parametrize(("old", "new"), SPOILT.values(), ids=SPOILT)
def test_what_no_ledger_writes_is_found_where_it_stands(
    old: bytes, new: bytes, tmp_path: Path
) -> None:
    lines = [*YEARS]
    lines[2] = re.sub(old, lambda _match: new, lines[2], count=1)
    assert lines[2] != YEARS[2]
    report = proof_of(lines, tmp_path)
    assert 3 in {each.place.offset for each in report.findings}
    [each.row() for each in report.findings]


def test_half_a_character_is_found_in_an_attribute_that_no_digest_covers(tmp_path: Path) -> None:
    record = read_record(YEARS[0], Place())
    record.event_text = record.event_text[:-1] + f',"x":"{HALF}"}}'
    record.row["event_sha256"] = sha256_hex(record.event_text.encode())
    report = proof_of([spelled(record, record.row)], tmp_path)
    assert {"record_malformed": 1} == report.counts


def services_of_another_name(row: Json) -> None:
    for order in row["payment_orders"] or ():
        for line in order.get("lines", ()):
            line["services"] = [{"bode": "EMPLOI", "amount_cents": line["amount_cents"]}]


def orders_of_a_dead_letter(row: Json) -> None:
    if row["outcome"] == "dead_letter":
        row["payment_orders"] = [{"issued_on": "2023-01-01", "payment_order": "p"}]


def a_list_for_a_balance(row: Json) -> None:
    if kind_of(row) == "fiscal-year.opened":
        row["event"]["data"]["balance"] = [1]


def a_convention_that_is_a_number(row: Json) -> None:
    if kind_of(row) == "convention.signed":
        row["event"]["data"]["convention"] = 1


@pytest.mark.parametrize(
    "change",
    [
        services_of_another_name,
        orders_of_a_dead_letter,
        a_list_for_a_balance,
        a_convention_that_is_a_number,
    ],
)
def test_what_a_rewriter_puts_in_stops_no_proof(
    change: Callable[[Json], None], tmp_path: Path
) -> None:
    changed = rewritten(YEARS, change)
    assert changed != [*YEARS]
    report = proof_of(changed, tmp_path)
    assert not report.proved
    assert {each.place.offset for each in report.findings} & {
        at for at, line in enumerate(YEARS, start=1) if line != changed[at - 1]
    }


@pytest.mark.parametrize("dead_letter", [None, {}, 1])
def test_a_dead_letter_without_its_reason_is_found(dead_letter: object) -> None:
    [line] = [each for each in YEARS if json.loads(each)["outcome"] == "dead_letter"]
    [raw] = rewritten([line], lambda row: row.update(dead_letter=dead_letter, sequence=1))
    proof, place = JournalAlone(Findings(), in_a_row=True), Place(offset=7)
    nothing: Any = None  # A column of SQLite may hold anything.
    kept = KeptDeadLetter("_dead.0", 1, "bad_json", "t", 0, 0, nothing, "", nothing)
    proof.compare([kept], list, 0)
    proof.take(Row(place, raw, b"_dead.0", 1))
    assert {7} == {each.place.offset for each in proof.end().findings}


@pytest.mark.parametrize("member", ["public_key", "sealed_at"])
def test_half_a_character_in_a_seal_is_no_seal(member: str, tmp_path: Path) -> None:
    key = public_pem(Ed25519PrivateKey.generate().public_key())
    seal: Json = {"statement": {}, "signature": "", "public_key": key}
    (seal if member in seal else seal["statement"])[member] = "\ud800"
    file = tmp_path / "seal.json"
    file.write_text(json.dumps(seal))
    with pytest.raises(NotASealError, match="UnicodeEncodeError"):
        read_seal(file)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, "version 2; this verifier reads 1"),
        ({"more": None}, "members ['more'], which version 1 does not have"),
    ],
    ids=["a later version", "a member more"],
)
def test_of_records_of_a_later_version_one_thing_is_said(
    change: Json, why: str, tmp_path: Path
) -> None:
    later = [json.dumps(json.loads(line) | change, separators=(",", ":")) for line in YEARS]
    report = proof_of([line.encode() for line in later], tmp_path)
    [finding] = report.findings
    assert {"record_malformed": 1} == report.counts
    assert (1, f"this is no journal record: {why}") == (finding.place.offset, finding.text.en)


def test_a_database_in_place_of_an_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="this is a database; give it with --db"):
        proof_of([b"SQLite format 3\0..."], tmp_path)
