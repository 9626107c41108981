"""Files that are no whole copy of the treasury's topics are not taken for one."""

from pathlib import Path

import pytest

from events.topics import ACCOUNTING_ENTRIES, PAYMENT_ORDERS, SLIPS
from services.runtime.ops.errors import Stop
from services.treasury.process.topic_copy import end_of

RECORD = b'{"type":"record","topic":"ecluse.slips.v1","key":"aw==","value":"dg==","headers":[]}\n'
COUNTS = f'{{"{PAYMENT_ORDERS}":0,"{SLIPS}":1,"{ACCOUNTING_ENTRIES}":0}}'.encode()
END = b'{"type":"end","records":' + COUNTS + b"}\n"


def a_file(folder: Path, content: bytes) -> Path:
    path = folder / "treasury.jsonl"
    path.write_bytes(content)
    return path


def test_a_whole_copy_says_how_many_records_it_holds(tmp_path: Path) -> None:
    found = end_of(a_file(tmp_path, RECORD + END)).records
    assert {PAYMENT_ORDERS: 0, SLIPS: 1, ACCOUNTING_ENTRIES: 0} == found


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not whole"),
        (RECORD, "not whole"),
        (RECORD + END[:-5], "not whole"),
        (RECORD[:-9], "not whole"),
        (END, "not whole"),
        (RECORD + RECORD + END, "not whole"),
        (b'{"budget":"b"}\n' + END, "line 1 is none of a copy"),
        (RECORD + b"\xff\n" + END, "line 2 is none of a copy"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(Stop, match=why):
        end_of(a_file(tmp_path, content))


def test_what_comes_behind_the_end_is_none_of_it(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="not whole"):
        end_of(a_file(tmp_path, RECORD + END + RECORD))
