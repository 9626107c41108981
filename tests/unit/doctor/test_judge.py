"""The judgements of `ecluse doctor` on what was seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.lag import Stage
from events.lag import State as LagState
from services.doctor import judge
from services.doctor.judge import Finding, Part, Privilege, Range, State, TransactionAge
from services.lag.judge.states import Rule
from services.texts.language import Language
from services.texts.translation import translate

GIB = 1024**3
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def read(checks: list[Finding]) -> list[tuple[str, str | None, str]]:
    """State, place and English text of each check."""
    return [(each.state, each.where, translate(each.text, Language.EN)) for each in checks]


@pytest.mark.parametrize(
    ("level", "release"), [(33, "4.4"), (25, "4.0"), (22, "4.0"), (21, "3.9"), (7, "3.3")]
)
def test_a_broker_is_named_by_the_newest_metadata_version_that_it_knows(
    level: int, release: str
) -> None:
    found = judge.broker("b:9092", level, "c", "ledger")
    assert State.OK == found.state
    assert f"It answers ledger: Kafka {release}, cluster c." == translate(found.text, Language.EN)


@pytest.mark.parametrize("level", [None, 6])
def test_a_broker_without_kraft_is_too_old(level: int | None) -> None:
    assert State.TROUBLE == judge.broker("b:9092", level, "c", "ledger").state


def a_topic(name: str, *partitions: tuple[int, list[int], list[int]]) -> dict[str, Any]:
    """A topic of which each partition has a leader, replicas, and those in sync."""
    return {
        "topic": name,
        "partitions": [
            {"partition": number, "leader": leader, "replicas": replicas, "isr": isr}
            for number, (leader, replicas, isr) in enumerate(partitions)
        ],
    }


def test_a_partition_without_leader_and_replicas_that_are_behind_are_named_by_topic() -> None:
    topics = [
        a_topic("sound", (1, [1, 2, 3], [3, 2, 1])),
        a_topic("sick", (1, [1, 2, 3], [1, 3]), (-1, [2], []), (3, [3, 1, 2], [3])),
    ]
    leaderless, behind = judge.replicas(topics)
    assert (State.TROUBLE, "sick") == (leaderless.state, leaderless.where)
    assert "partitions 1 have no leader" in translate(leaderless.text, Language.EN)
    assert (State.TROUBLE, "sick") == (behind.state, behind.where)
    text = translate(behind.text, Language.EN)
    assert "partitions 0, 2 have replicas that are not in sync, on brokers 1, 2" in text
    assert [State.OK] == [each.state for each in judge.replicas(topics[:1])]


def test_topics_at_which_nobody_could_look_are_not_known_and_never_ok() -> None:
    sound = a_topic("__consumer_offsets", (1, [1], [1]))
    absent = ["ecluse.journal.v1", "ecluse.events.v1"]
    for found in (judge.replicas([sound], absent), judge.transactions([], absent)):
        ((state, where, text),) = read(found)
        assert (State.UNKNOWN, None) == (state, where)
        assert "not known of ecluse.journal.v1, ecluse.events.v1" in text


@pytest.mark.parametrize(
    ("ours_ms", "state"), [(5_999, "trouble"), (6_000, "ok"), (300_000, "ok"), (300_001, "trouble")]
)
def test_a_time_out_must_be_one_that_the_broker_takes(ours_ms: int, state: str) -> None:
    of_session = Range("ECLUSE_SESSION_TIMEOUT_S", ours_ms, 6_000, 300_000, "group.min")
    assert [state] == [each.state for each in judge.limits([of_session])]


def test_a_limit_that_the_broker_does_not_show_is_not_known() -> None:
    of_session = Range("ECLUSE_SESSION_TIMEOUT_S", 6_000, None, 300_000, "group.min")
    of_transaction = Range("ECLUSE_TRANSACTION_TIMEOUT_S", 400_000, 1, 300_000, "transaction.max")
    unknown, trouble = read(judge.limits([of_session, of_transaction]))
    assert ("unknown", "ECLUSE_SESSION_TIMEOUT_S") == unknown[:2]
    assert "does not show group.min" in unknown[2]
    assert ("trouble", "ECLUSE_TRANSACTION_TIMEOUT_S") == trouble[:2]


@pytest.mark.parametrize(("open_s", "state"), [(119.0, "ok"), (121.0, "trouble")])
def test_a_transaction_hangs_once_it_is_older_than_any_of_ours(open_s: float, state: str) -> None:
    found = judge.transactions([TransactionAge("journal/3", 17, 4000, open_s, limit_s=120.0)])
    assert [state] == [each.state for each in found]
    if state == "trouble":
        assert "journal/3" == found[0].where
        assert "since offset 17, for 121 s" in translate(found[0].text, Language.EN)


@pytest.mark.parametrize(
    ("lag", "rule", "state"),
    [
        (LagState.OK, Rule.KEEPS_UP, "ok"),
        (LagState.NO_TRAFFIC, Rule.NO_TRAFFIC, "ok"),
        (LagState.UNKNOWN, Rule.JUST_BEGUN, "unknown"),
        (LagState.UNKNOWN, Rule.MARKERS_ALONE, "unknown"),
        (LagState.UNKNOWN, Rule.NEVER_SEEN, "trouble"),
        (LagState.STOPPED, Rule.NO_OWNER, "trouble"),
        (LagState.BROKEN, Rule.HELD, "trouble"),
    ],
)
def test_a_consumer_is_judged_as_the_watch_judges_it(lag: LagState, rule: Rule, state: str) -> None:
    stage = Stage("ledger", "ecluse.ledger", lag, rule)
    found = judge.consumer(stage)
    assert (state, "ecluse.ledger") == (found.state, found.where)


@pytest.mark.parametrize(
    ("theirs_s", "state", "text"),
    [
        (100.0, "ok", "in step"),
        (106.9, "ok", "in step"),  # A slow answer is no difference of clocks.
        (95.1, "ok", "in step"),
        (107.5, "trouble", "6 s behind that of PostgreSQL"),
        (40.0, "trouble", "60 s ahead of that of PostgreSQL"),
    ],
)
def test_a_clock_differs_by_what_no_slow_answer_explains(
    theirs_s: float, state: str, text: str
) -> None:
    found = judge.clock(Part.DATABASES, "PostgreSQL", 100.0, theirs_s, 102.0, "db")
    assert state == found.state
    assert text in translate(found.text, Language.EN)


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (100 * GIB, 6 * GIB, "ok"),
        (100 * GIB, 4 * GIB, "trouble"),
        (2 * GIB, GIB, "ok"),
        (2 * GIB, GIB - 1, "trouble"),
    ],
)
def test_a_disk_is_nearly_full_below_a_twentieth_or_a_gibibyte(
    total: int, free: int, state: str
) -> None:
    assert state == judge.disk(Part.KAFKA, total, free, "b:9092 /data").state


@pytest.mark.parametrize(("version", "state"), [((13, 9), "trouble"), ((14, 0), "ok")])
def test_an_old_server_is_named(version: tuple[int, ...], state: str) -> None:
    assert state == judge.database("db", "PostgreSQL", version, (14,)).state


@pytest.mark.parametrize(
    ("found", "before_start", "state", "text"),
    [
        ("0002", False, "ok", "as this program knows it"),
        ("0002", True, "ok", "as this program knows it"),
        ("0001", False, "trouble", "this program needs 0002: start ecluse projector"),
        ("0001", True, "ok", "made at the start of ecluse projector"),
        (None, False, "trouble", "there are no tables"),
        (None, True, "ok", "made at the start of ecluse projector"),
        ("0003", False, "trouble", "newer Écluse"),
        ("0003", True, "trouble", "newer Écluse"),
    ],
)
def test_a_schema_must_be_of_this_program(
    found: str | None, before_start: bool, state: str, text: str
) -> None:
    known = ("0002", "0001")
    judged = judge.schema("db", found, known, "ecluse projector", before_start=before_start)
    assert state == judged.state
    assert text in translate(judged.text, Language.EN)


def test_each_right_that_a_role_lacks_is_named_by_its_table() -> None:
    reads, uses = (
        Privilege("ecluse_read", "moves", "SELECT"),
        Privilege("ecluse_read", None, "USAGE"),
    )
    lacking = read(judge.privileges("db", "ecluse_api", [uses, reads], frozenset({uses})))
    assert [("trouble", "db")] == [each[:2] for each in lacking]
    assert "ecluse_api lacks SELECT on ecluse_read.moves" in lacking[0][2]
    whole = judge.privileges("db", "ecluse_api", [uses], frozenset({uses}))
    assert ["ok"] == [each.state for each in whole]


@pytest.mark.parametrize(
    ("days", "state", "text"),
    [(30, "ok", "is valid until"), (29, "trouble", "expires on"), (-1, "trouble", "expired on")],
)
def test_a_certificate_is_renewed_thirty_days_before_its_end(
    days: int, state: str, text: str
) -> None:
    ends_at = NOON + timedelta(days=days)
    found = judge.certificate("ca.pem", "CN=broker", ends_at, NOON)
    assert (state, "ca.pem") == (found.state, found.where)
    assert f"CN=broker {text}" in translate(found.text, Language.EN)
