"""A journal of which nothing else is at hand: whatever happens to its records is found, and where.

The records of an export are changed byte by byte, removed, repeated and put in another order.
"""

import json
import pickle
import re
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.application.handle import Ledger
from services.ledger.files.replay import replay
from services.ledger.files.stores import MemoryStore
from services.verifier.files import read_export
from services.verifier.findings import Code, Finding, Findings, Place
from services.verifier.journal_alone import JournalAlone
from services.verifier.journal_proof import Row
from services.verifier.report import Note, Report
from tests.builders import (
    IBAN,
    Json,
    Scenario,
    a_convention,
    a_notification,
    a_payment,
    a_vote,
    an_award,
    encoded,
)
from tests.golden.record import HERE
from tests.verifier.exports import proof_of, recorded, rewritten

FILE = "journal.jsonl"
HISTORIES = sorted(file.name for file in HERE.glob("*.journal.jsonl"))
SOURCE = re.compile(rb'"source":(\{"topic":[^{}]*\})}$')


class Located(NamedTuple):
    """Where a finding says that something is wrong."""

    line: int
    budget: str
    sequence: int


@cache
def small() -> tuple[bytes, ...]:
    """A journal with one of each outcome, and a parked event that goes on."""
    scenario = Scenario(
        a_notification(),
        a_vote(),
        an_award(),
        a_convention(),
        a_payment(40_000),
        a_payment(40_000),
        a_payment(100_001),
        b'{"specversion":',
    )
    return tuple(row.record for row in scenario.store.journal())


def located(report: Report) -> set[Located]:
    return {_place(each) for each in report.findings}


def _place(finding: Finding) -> Located:
    return Located(finding.place.offset, finding.place.budget, finding.place.sequence)


@cache
def named(line: bytes) -> tuple[str, int]:
    """Its chain, and its number there."""
    row = json.loads(line)
    return row["budget"], row["sequence"]


def place_of(lines: Sequence[bytes], at: int) -> Located:
    return Located(at + 1, *named(lines[at]))


def covered(line: bytes) -> list[int]:
    """The bytes of a record of which a flip must be seen: where it was read is not hashed."""
    source = SOURCE.search(line)
    assert source is not None
    return [at for at in range(len(line)) if not source.start(1) <= at < source.end(1)]


def names_itself(line: bytes, at: int) -> bool:
    """Whether a byte is not of what the record says of its own place."""
    own = re.search(rb'"budget":"[^"]*"', line), re.search(rb'"sequence":\d+', line)
    return not any(each is not None and each.start() <= at <= each.end() for each in own)


def flipped(line: bytes, at: int, bits: int) -> bytes:
    return line[:at] + bytes((line[at] ^ bits,)) + line[at + 1 :]


class Unfinished:
    """A proof that has come so far, to go on from in several ways: none is begun anew."""

    def __init__(self, proof: JournalAlone) -> None:
        self._kept = pickle.dumps(proof)  # A tenth of what a deep copy takes.

    def then(self, lines: Sequence[bytes]) -> Report:
        """What is found where these lines follow, and nothing more."""
        proof: JournalAlone = pickle.loads(self._kept)  # our own, of this process
        take(proof, lines)
        return proof.end()


def take(proof: JournalAlone, lines: Sequence[bytes]) -> None:
    """Let a proof read on."""
    for number, line in enumerate(lines, start=proof.records + 1):
        proof.take(Row(Place(FILE, offset=number), line))


def unfinished(lines: Sequence[bytes]) -> Iterator[Unfinished]:
    """The proof of a journal before each of its records, and after the last."""
    proof = JournalAlone(Findings(), in_a_row=False)
    yield Unfinished(proof)
    for line in lines:
        take(proof, [line])
        yield Unfinished(proof)


def missed(before: Unfinished, at: int, line: bytes, byte: int, bits: int) -> str | None:
    """Why a flipped byte was not found, or not where it is; None where it was."""
    where = Located(at + 1, *named(line))
    found = located(before.then([flipped(line, byte, bits)]))
    if where in found:
        return None
    if where.line not in {each.line for each in found}:
        return f"{where}, byte {byte}: not found"
    if names_itself(line, byte) and where not in found:
        return f"{where}, byte {byte}: found elsewhere: {found}"
    return None


def proved_up_to(lines: Sequence[bytes], at: int) -> Unfinished:
    """A proof under way: of what stands behind a record, nothing is needed to find a flip in it."""
    *_, last = unfinished(lines[:at])
    return last


def test_nothing_is_wrong_with_the_journals(tmp_path: Path) -> None:
    assert proof_of([*small()], tmp_path).proved
    for name in HISTORIES:
        assert {} == proof_of([*recorded(name)], tmp_path).counts


@pytest.mark.parametrize("at", range(9))
def test_any_flipped_byte_of_a_record_is_found_and_located(at: int) -> None:
    assert len(small()) == 9
    before, line = proved_up_to(small(), at), small()[at]
    found = [missed(before, at, line, byte, 1) for byte in covered(line)]
    assert [] == [each for each in found if each is not None]


@given(data=st.data())
def test_whatever_bits_of_a_byte_are_flipped_it_is_found(data: st.DataObject) -> None:
    lines = recorded(data.draw(st.sampled_from(HISTORIES)))
    at = data.draw(st.integers(0, len(lines) - 1))
    byte, bits = data.draw(st.sampled_from(covered(lines[at]))), data.draw(st.integers(1, 255))
    assert missed(proved_up_to(lines, at), at, lines[at], byte, bits) is None


def chain_of(line: bytes) -> str:
    return named(line)[0]


def broken(report: Report) -> list[Located]:
    """Where a chain is said not to go on."""
    return [_place(each) for each in report.findings if each.code is Code.SEQUENCE_BROKEN]


@pytest.mark.parametrize("name", HISTORIES)
def test_a_removed_record_is_found_at_the_next_of_its_chain(name: str) -> None:
    lines = recorded(name)
    for at, before in zip(range(len(lines)), unfinished(lines), strict=False):
        chain = chain_of(lines[at])
        left = [*lines[:at], *lines[at + 1 :]]
        behind = [number for number in range(at, len(left)) if chain_of(left[number]) == chain]
        if behind:
            assert [place_of(left, behind[0])] == broken(before.then(left[at:]))


@pytest.mark.parametrize("name", HISTORIES)
def test_a_repeated_record_is_found_where_it_is_repeated(name: str) -> None:
    lines = recorded(name)
    _, *behind_each = unfinished(lines)
    for at, behind in enumerate(behind_each):
        twice = [*lines[: at + 1], *lines[at:]]
        assert place_of(twice, at + 1) in broken(behind.then(twice[at + 1 :]))
        twice = [*lines, lines[at]]
        assert place_of(twice, len(lines)) in broken(behind_each[-1].then([lines[at]]))


@pytest.mark.parametrize("name", HISTORIES)
def test_records_of_a_chain_in_another_order_are_found(name: str) -> None:
    lines = recorded(name)
    for at, before in zip(range(len(lines)), unfinished(lines), strict=False):
        chain = chain_of(lines[at])
        behind = [each for each in range(at + 1, len(lines)) if chain_of(lines[each]) == chain]
        if behind:
            swapped = [*lines]
            swapped[at], swapped[behind[0]] = lines[behind[0]], lines[at]
            found = located(before.then(swapped[at:]))
            assert {place_of(swapped, at), place_of(swapped, behind[0])} <= found


@pytest.mark.parametrize("name", HISTORIES)
def test_chains_may_stand_one_after_the_other(name: str, tmp_path: Path) -> None:
    assert proof_of(sorted(recorded(name), key=chain_of), tmp_path).proved


def test_a_record_that_is_removed_from_the_end_is_not_seen_and_the_report_says_so(
    tmp_path: Path,
) -> None:
    report = proof_of([*small()[:-1]], tmp_path)
    assert report.proved
    assert Note.ENDS in [each.note for each in report.remarks]


def test_what_is_written_anew_is_not_seen_and_the_report_says_so(tmp_path: Path) -> None:
    """Another account in a convention and in its orders, and all hashes made again."""
    lines = recorded("year-end-2023.journal.jsonl")

    def change(row: Json) -> None:
        changed = json.loads(json.dumps(row).replace(IBAN, "NOT AN IBAN"))
        row.update(changed)

    anew = rewritten(lines, change)
    assert any(b"NOT AN IBAN" in line for line in anew)
    report = proof_of(anew, tmp_path)
    assert report.proved
    assert {Note.ENDS, Note.AS_IT_STANDS} <= {each.note for each in report.remarks}


@pytest.mark.parametrize(
    ("at", "offset"), [(3, 2), (7, 0)], ids=["the place of another", "a place behind later ones"]
)
def test_positions_that_are_out_of_order_are_counted(at: int, offset: int, tmp_path: Path) -> None:
    """No hash covers them, and an import begins anew at each input topic.

    That alone proves nothing.
    """
    lines = [*small()]
    own = f'"offset":{json.loads(lines[at])["source"]["offset"]}'.encode()
    lines[at] = lines[at].replace(own, b'"offset":%d' % offset)
    report = proof_of(lines, tmp_path)
    assert report.proved
    (remark,) = [each for each in report.remarks if each.note is Note.POSITIONS]
    assert {"count": 1} == remark.facts


def test_a_line_that_was_half_written_may_be_read_again(tmp_path: Path) -> None:
    store, ledger = MemoryStore(), Ledger()
    whole = encoded(a_vote()) + b"\n" + encoded(an_award())
    for read in (whole[:-9], whole):
        replay(store, "events.jsonl", BytesIO(read), ledger, lambda _bytes: None)
    lines = [row.record for row in store.journal()]
    assert [1, 2, 2] == [json.loads(line)["source"]["offset"] for line in lines]
    assert proof_of(lines, tmp_path).proved


def test_a_line_longer_than_any_record_is_none(tmp_path: Path) -> None:
    lines = [*small(), b'{"budget":"' + b"x" * (17 * 1024 * 1024) + b'"}', b"", b"[]"]
    report = proof_of(lines, tmp_path)
    assert {"record_malformed": 2} == report.counts
    assert {10, 12} == {each.line for each in located(report)}


def test_one_budget_alone_is_proved_of_a_file(tmp_path: Path) -> None:
    file, name = tmp_path / FILE, "year-end-2023.journal.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in recorded(name)))
    budgets = {chain_of(line) for line in recorded(name)} - {"_dead.0"}
    assert len(budgets) > 1
    for budget in budgets:
        proof = JournalAlone(Findings(), in_a_row=False, budget=budget)
        for row in read_export(file, budget, lambda _done, _total: None):
            proof.take(row)
        report = proof.end()
        assert report.proved
        assert [budget] == list(report.figures["heads"])
        assert Note.OTHER_BUDGETS in [each.note for each in report.remarks]


@pytest.mark.parametrize(
    "spelled",
    [rb'{"budget":"\u003%c', rb'{"budget": "%c', rb'{ "budget":"%c'],
    ids=["an escape", "a space before the value", "a space before the name"],
)
def test_a_record_of_the_budget_that_is_spelled_otherwise_is_not_passed_over(
    spelled: bytes, tmp_path: Path
) -> None:
    lines = [*small()]
    budget = chain_of(lines[-1]) if chain_of(lines[-1])[0] != "_" else chain_of(lines[0])
    last = max(at for at, line in enumerate(lines) if chain_of(line) == budget)
    plain = b'{"budget":"%c' % budget[0].encode()
    assert lines[last].startswith(plain)
    lines[last] = lines[last].replace(plain, spelled % budget[0].encode(), 1)
    file = tmp_path / FILE
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    proof = JournalAlone(Findings(), in_a_row=False, budget=budget)
    for row in read_export(file, budget, lambda _done, _total: None):
        proof.take(row)
    assert last + 1 in {each.line for each in located(proof.end())}
