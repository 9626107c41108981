"""After any history, what is to do is what a plain reading of the journal says."""

import json
from collections.abc import Sequence

from hypothesis import given, settings

from events.envelope import BY_TYPE
from events.follow_up import EventWithdrawn
from tests.builders import Json, Scenario
from tests.property.histories import histories
from tests.unit.projector.settled import rows_settled


def _same(one: Json, other: Json) -> bool:
    names = BY_TYPE[one["type"]].SUBJECT
    return one["type"] == other["type"] and all(
        _spelled(one["data"].get(name)) == _spelled(other["data"].get(name)) for name in names
    )


def _spelled(value: object) -> object:
    """A value without the members that are null; of amounts their lines, of others all of it."""
    if isinstance(value, list):
        return [each["line"] for each in value]
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if each is not None}
    return value


def plainly_settled(journal: Sequence[bytes]) -> dict[tuple[str, int], int | None]:
    """By refusal, its withdrawal, else the first record behind it that accepted the same."""
    records = [json.loads(raw) for raw in journal]
    found: dict[tuple[str, int], int | None] = {}
    for refused in records:
        if refused["outcome"] != "refused":
            continue
        if refused["resumes"] is not None:
            (before,) = (
                each
                for each in records
                if (each["budget"], each["sequence"] + 1)
                == (refused["budget"], refused["sequence"])
            )
            if before["event"]["type"] == EventWithdrawn.TYPE:
                found[refused["budget"], refused["sequence"]] = before["sequence"]
                continue
        later = (
            each["sequence"]
            for each in records
            if each["budget"] == refused["budget"]
            and each["sequence"] > refused["sequence"]
            and each["outcome"] == "accepted"
            and _same(refused["event"], each["event"])
        )
        found[refused["budget"], refused["sequence"]] = min(later, default=None)
    return found


@settings(max_examples=40)
@given(histories())
def test_what_is_to_do_is_what_a_plain_reading_says(history: list[bytes]) -> None:
    journal = [row.record for row in Scenario(*history).store.journal()]
    assert plainly_settled(journal) == rows_settled(journal, "refusals")
