"""Exported journals as one who can write would change them: all hashes are made again."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

from services.verifier.files import read_export
from services.verifier.findings import Findings, Place
from services.verifier.journal_alone import JournalAlone
from services.verifier.records import FIRST_HASH, canonical, read_record, sha256_hex
from services.verifier.report import Report
from tests.builders import Json
from tests.golden.record import HERE
from tests.verifier.planting import spelled

DIGESTED = ("type", "time", "subject", "data")


@cache
def recorded(name: str) -> tuple[bytes, ...]:
    """The lines of a recorded history."""
    return tuple((HERE / name).read_bytes().splitlines())


def kind_of(row: Json) -> str:
    """The type of a record's event, without its prefix and version."""
    return "" if row["event"] is None else row["event"]["type"].removeprefix("ecluse.")[:-3]


def rewritten(lines: Iterable[bytes], change: Callable[[Json], object]) -> list[bytes]:
    """A journal of which `change` was made to each row, its chains made whole again."""
    heads: dict[str, str] = {}
    made = []
    for line in lines:
        row = json.loads(line)
        before = canonical(row["event"])
        change(row)
        record = read_record(line, Place())
        event = row.pop("event")
        if canonical(event) != before:
            record.event_text = canonical(event).decode()
            digested = {name: event[name] for name in DIGESTED if name in event}
            row["event_sha256"] = sha256_hex(record.event_text.encode())
            row["digest"] = sha256_hex(canonical(digested))
        row["previous_hash"] = heads.get(row["budget"], FIRST_HASH)
        made.append(spelled(record, row))
        heads[row["budget"]] = row["hash"]
    return made


def proof_of(
    lines: Sequence[bytes], folder: Path, budget: str | None = None, without: Collection[str] = ()
) -> Report:
    """The proof of a file with these lines."""
    file = folder / "journal.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    proof = JournalAlone(Findings(), in_a_row=False, budget=budget, without=without)
    for row in read_export(file, budget, lambda _done, _total: None):
        proof.take(row)
    return proof.end()
