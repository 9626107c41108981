"""Files to be published: checked whole before anything leaves, and never sent otherwise."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.codec import EVENT_BYTES_MAX
from services.cli.commands.publish import CheckedFile
from services.cli.commands.validate import Fault
from services.ledger.application.ports import StoreError
from services.runtime.kafka.publishing import Message
from tests.builders import BUDGET, a_deadline, a_vote, an_award, encoded

OTHER_BUDGET = "21590350100017-00-2024"
VOTE, AWARD = encoded(a_vote()), encoded(an_award())
OTHER_VOTE = encoded(a_vote(budget=OTHER_BUDGET))
# The same event as another sender writes it: what is sent is what stands there.
SPACED = b' { "specversion"' + VOTE.removeprefix(b'{"specversion"') + b" \r"


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Callable[[bytes], CheckedFile]]:
    streams = []

    def check(content: bytes) -> CheckedFile:
        file = tmp_path / "events.jsonl"
        file.write_bytes(content)
        streams.append(file.open("rb"))
        result = CheckedFile("events.jsonl", streams[-1])
        assert result.faults == list(result.check(lambda _bytes: None))
        return result

    yield check
    for stream in streams:
        stream.close()


def sent(file: CheckedFile) -> list[Message]:
    return list(file.messages(lambda _bytes: None))


def test_each_line_is_sent_byte_for_byte_under_its_budget(
    checked: Callable[[bytes], CheckedFile],
) -> None:
    file = checked(b"\n".join([VOTE, b"", SPACED, b"  ", OTHER_VOTE, AWARD, b""]))
    assert ([], 4) == (file.faults, file.lines)
    assert [
        Message(BUDGET.encode(), VOTE),
        Message(BUDGET.encode(), SPACED),
        Message(OTHER_BUDGET.encode(), OTHER_VOTE),
        Message(BUDGET.encode(), AWARD),
    ] == sent(file)
    assert 4 == len(sent(file)), "and again"


def test_a_last_line_without_its_end_is_a_line(checked: Callable[[bytes], CheckedFile]) -> None:
    assert [Message(BUDGET.encode(), VOTE)] == sent(checked(VOTE))


def test_an_empty_file_has_nothing_to_send(checked: Callable[[bytes], CheckedFile]) -> None:
    assert [] == sent(checked(b"\n \n"))


def test_each_fault_is_named_by_its_line(checked: Callable[[bytes], CheckedFile]) -> None:
    too_large = b'"' + b"x" * EVENT_BYTES_MAX + b'"'
    file = checked(b"\n".join([VOTE, b"{", b"", too_large, AWARD]))
    assert [(2, "bad_json"), (4, "too_large")] == [
        (fault.line, fault.unreadable.reason) for fault in file.faults
    ]
    assert 4 == file.lines


def test_rule_32_an_internal_event_is_not_published_among_events(
    checked: Callable[[bytes], CheckedFile],
) -> None:
    file = checked(encoded(a_deadline()) + b"\n" + VOTE)
    assert [(1, "unknown_type: /type")] == [
        (fault.line, fault.unreadable.reason) for fault in file.faults
    ]


def test_a_fault_for_programs_has_the_members_of_validate(
    checked: Callable[[bytes], CheckedFile],
) -> None:
    fault: Fault = checked(b"{").faults[0]
    assert ["position", "reason", "message"] == list(fault.row())
    assert ["fr", "en"] == list(fault.row()["message"])


def test_what_was_written_behind_the_checked_lines_is_not_sent(
    checked: Callable[[bytes], CheckedFile], tmp_path: Path
) -> None:
    file = checked(VOTE + b"\n")
    with (tmp_path / "events.jsonl").open("ab") as writer:
        writer.write(AWARD + b"\n")
    assert [Message(BUDGET.encode(), VOTE)] == sent(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (VOTE + b"\n" + AWARD.replace(b"urn:test", b"urn:tess") + b"\n", "line 2"),
        (VOTE + b"\n" + AWARD[:50], "line 2"),
        (VOTE + b"\n", "it was cut"),
        (b"", "it was cut"),
    ],
)
def test_a_file_that_changed_since_it_was_checked_stops_the_sending(
    checked: Callable[[bytes], CheckedFile], tmp_path: Path, content: bytes, said: str
) -> None:
    file = checked(VOTE + b"\n" + AWARD + b"\n")
    (tmp_path / "events.jsonl").write_bytes(content)
    with pytest.raises(StoreError, match=f"events.jsonl: .*{said}"):
        sent(file)
