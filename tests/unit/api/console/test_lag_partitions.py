"""The partitions on the page Lag: a sentence is said once, an activity only of an owner."""

import pytest

from events.lag import State
from services.lag.present import texts
from tests.api.lag_boards import NIGHT, Json, a_board, a_partition, stages
from tests.unit.api.console.lag_views import EN, html_of, table, text_of, view_of

PARTITIONS = 8
NOBODY = "Nobody owns the partition, and nothing is committed."


def a_stopped_ledger(count: int = PARTITIONS) -> list[Json]:
    """Nobody reads what comes to the ledger; its last status is of the past."""
    stopped: Json = {"state": "STOPPED", "rule": "no_owner", "owner": None, "doing": "running"}
    partitions = [a_partition(**stopped) | {"partition": number} for number in range(count)]
    return stages(NIGHT, ledger={"state": "STOPPED", "rule": "no_owner", "partitions": partitions})


def test_the_sentence_of_a_stage_is_not_said_again_of_each_partition() -> None:
    found = view_of(a_board(state="STOPPED", stages=a_stopped_ledger()))
    rows = table(found, "partitions-ledger")
    assert ["stopped STOPPED"] * PARTITIONS == [row[1] for row in rows]
    assert 2 == text_of(html_of(found)).count(NOBODY), "in the notice, and in its stage's row"


def test_a_partition_that_is_otherwise_says_so_itself() -> None:
    board = a_board(state="STOPPED", stages=a_stopped_ledger())
    board["stages"][0]["partitions"][3] |= {"state": "OK", "rule": "keeps_up", "owner": "ledger-1"}
    rows = table(view_of(board), "partitions-ledger")
    assert rows[3][1].endswith("Nothing is left to read.")


def test_what_a_worker_did_is_not_shown_where_nobody_owns_the_partition() -> None:
    rows = table(view_of(a_board(state="STOPPED", stages=a_stopped_ledger())), "partitions-ledger")
    assert {"—unknown"} == {row[6].replace(" ", "") for row in rows}
    owned = table(view_of(a_board()), "partitions-ledger")
    assert "ledger-1works" == owned[0][6].replace(" ", "")


@pytest.mark.parametrize("state", sorted(texts.DO))
def test_the_treasury_is_named_on_its_own_notice_alone(state: State) -> None:
    for name in ("ledger", "projector", "watch", "treasury"):
        ill = {"state": state.value, "rule": "no_owner"}
        found = view_of(a_board(state=state.value, stages=stages(NIGHT, **{name: ill})), EN)
        (alarm,) = found.alarms
        said = alarm.notice.do or ""
        special = (state, name) in texts.DO_OF and name == "treasury"
        assert ("treasury" in said.lower()) is special
        assert ("quarantine" in said) is ((state, name) == (State.BROKEN, "ledger"))


def test_a_treasury_that_was_never_seen_may_not_be_there_yet() -> None:
    unseen = {"state": "UNKNOWN", "rule": "never_seen"}
    for name, is_named in (("treasury", True), ("ledger", False)):
        (alarm,) = view_of(a_board(state="UNKNOWN", stages=stages(NIGHT, **{name: unseen}))).alarms
        assert ("ECLUSE_WATCH_TREASURY_GROUP" in (alarm.notice.do or "")) is is_named
