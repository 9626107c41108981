"""Rows of partitions in `ecluse lag`: what is alike stands in one, what waits stands alone."""

from typing import Any

import msgspec
import pytest

from events.lag import Stage
from services.cli.commands.lag_lines import rows_of
from services.texts.language import Language
from services.texts.translation import translate
from tests.api.lag_boards import NIGHT, a_partition, a_stage

EVENTS, INTERNAL = "ecluse.events.v1", "ecluse.internal-events.v1"


def stage(*partitions: dict[str, Any]) -> Stage:
    """The ledger, with these partitions."""
    return msgspec.convert(a_stage(NIGHT, partitions=list(partitions)), Stage)


def places(*partitions: dict[str, Any]) -> list[str]:
    return [translate(each.places, Language.EN) for each in rows_of(stage(*partitions))]


def owner(**known: Any) -> str:
    (row,) = rows_of(stage(a_partition(**known)))
    return translate(row.owner, Language.FR)


def test_partitions_that_are_alike_share_a_row_of_their_topics() -> None:
    alike = [a_partition(topic, number) for topic in (EVENTS, INTERNAL) for number in (0, 1, 2)]
    assert ["events/0–2\ninternal-events/0–2"] == places(*alike)
    assert ["events/0, 2"] == places(alike[2], alike[0])


@pytest.mark.parametrize(
    "otherwise",
    [
        {"state": "STOPPED"},
        {"owner": None},
        {"owner": "ledger-2"},
        {"doing": "opening"},
        {"behind": None},
        {"behind": 1},
        {"held": {"offset": 7, "event_id": None}},
    ],
    ids=str,
)
def test_one_that_is_otherwise_has_its_own(otherwise: dict[str, Any]) -> None:
    found = places(a_partition(), a_partition(EVENTS, 1, **otherwise), a_partition(EVENTS, 2))
    assert ["events/0, 2", "events/1"] == found


def test_each_that_has_something_to_read_stands_alone() -> None:
    stalled: dict[str, Any] = {"state": "STALLED", "behind": 4}
    assert ["events/0", "events/1"] == places(
        a_partition(**stalled), a_partition(EVENTS, 1, **stalled)
    )


def test_positions_are_added_up_and_what_nobody_knows_stays_unknown() -> None:
    (row,) = rows_of(stage(a_partition(), a_partition(EVENTS, 1)))
    assert (68_211 + 71_004,) * 2 == (row.position, row.end)
    nobody: dict[str, Any] = {"behind": None, "committed": None, "end": None}
    (row,) = rows_of(stage(a_partition(**nobody), a_partition(EVENTS, 1, **nobody)))
    assert (None, None, None) == (row.position, row.end, row.behind)


def test_an_activity_is_shown_only_beside_its_owner() -> None:
    assert "ledger-1" == owner(doing="running")
    assert "ledger-1\nreprend son état" == owner(doing="opening")
    assert "—" == owner(owner=None, doing="opening")
