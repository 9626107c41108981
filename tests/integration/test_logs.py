"""What the command logs: one JSON line for each record that was not simply accepted."""

import json
from pathlib import Path

import pytest

from tests.builders import (
    IBAN,
    Json,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_vote,
    an_award,
    encoded,
)
from tests.integration.command import CommandResult, ecluse, real_ecluse

FIXED = {"event", "level", "timestamp", "outcome", "reason", "event_id"} | {
    *("topic", "partition", "offset")
}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def replayed(file: Path, *events: Json | bytes, real: bool = False) -> CommandResult:
    file.write_bytes(b"".join(encoded(event) + b"\n" for event in events))
    return (real_ecluse if real else ecluse)("replay", file, "--json")


def logged(result: CommandResult) -> list[Json]:
    return [json.loads(line) for line in result.err.splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "year.jsonl"


def test_what_is_simply_accepted_is_not_logged(file: Path) -> None:
    assert "" == replayed(file, a_vote(), an_award(), a_convention(), a_payment(1)).err


def test_each_other_record_has_one_line_with_fixed_keys(file: Path) -> None:
    result = replayed(
        file,
        a_notification(),  # 1: waits for the convention
        a_vote(),
        a_vote(),  # 3: a repeat
        an_award(stated_total_cents=7),  # 4: figures differ
        b"{",  # 5: unreadable
        a_convention(),  # 6: wakes the first
        a_payment(100_001, _traceparent=TRACE),  # 7: too much
        a_vote(_subject="other"),  # 8: an id used again
    )
    lines = logged(result)
    found = [(line["offset"], line["outcome"], line["reason"]) for line in lines]
    assert [
        (1, "parked", None),
        (3, "duplicate", None),
        (4, "accepted", None),
        (5, "dead_letter", "bad_json"),
        (1, "accepted", None),
        (7, "refused", "overpayment"),
        (8, "refused", "event_id_reused"),
    ] == found
    assert {"record_handled"} == {line["event"] for line in lines}
    assert [set()] * len(lines) == [FIXED - set(line) for line in lines]
    assert {"kind": "convention", "id": "C"} == lines[0]["waits_for"]
    assert ["figures_differ"] == lines[2]["review_flags"]
    assert lines[0]["sequence"] == lines[4]["resumes"]
    assert [(7, TRACE)] == [
        (line["offset"], line["traceparent"]) for line in lines if "traceparent" in line
    ]
    assert {file.name} == {line["topic"].split("#")[0] for line in lines}


def test_the_level_of_the_log_can_be_raised(file: Path) -> None:
    replayed(file, a_vote(), b"{")
    assert "" == ecluse("--log-level", "ERROR", "replay", file).err
    (line,) = ecluse("replay", file, ECLUSE_LOG_LEVEL="WARNING").err.splitlines()
    assert "dead_letter" == json.loads(line)["outcome"]


def with_iban_everywhere() -> list[Json | bytes]:
    """Events that nobody wants: an account number where a reference or a name should stand."""
    return [
        a_notification(convention=IBAN),
        a_notification(convention=f"iban_{IBAN}", _id=f"note IBAN{IBAN}"),
        a_payment(1, IBAN),
        a_vote(_id=IBAN, _source=f"urn:{IBAN}"),
        a_vote(_id=IBAN, _source=f"urn:{IBAN}", _subject="other"),
        an_award(**{IBAN: 1}),
        an_award(grant=IBAN, interested=[IBAN]),
        an_award(grant=IBAN, _id="twice"),
        a_new_account(IBAN, **{f"{IBAN[:4]} {IBAN[4:8]} {IBAN[8:12]} {IBAN[12:16]}": 1}),
        b'{"' + IBAN.encode() + b'":',
        encoded(a_new_account(IBAN + "0")),
        a_payment(1, _traceparent=IBAN),
    ]


@pytest.mark.parametrize("real", [False, True])
def test_no_log_line_holds_a_full_iban(file: Path, real: bool) -> None:
    result = replayed(file, *with_iban_everywhere(), real=real)
    assert len(with_iban_everywhere()) - 1 == len(logged(result)), "all but the vote are logged"
    shown = json.dumps(logged(result), ensure_ascii=False)
    for leaked in (IBAN, IBAN[4:-4], f"{IBAN[4:8]} {IBAN[8:12]}"):
        assert leaked not in result.err
        assert leaked not in shown
    assert "FR76…0110" in shown


def test_the_file_may_be_named_like_an_account_too(tmp_path: Path) -> None:
    assert IBAN not in replayed(tmp_path / f"{IBAN}.jsonl", b"{").err
