"""What a watch answers when something happens: a burst, and what may be wrong at night."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.api.lag_boards import (
    GROUPS,
    NIGHT,
    Json,
    a_board,
    a_history,
    a_stage,
    stages,
    timestamp,
)


class Scene(NamedTuple):
    """What a watch answers at one moment."""

    board: Json
    history: Json

    @property
    def answers(self) -> dict[str, bytes]:
        """By address."""
        return {
            "/lag": json.dumps(self.board).encode(),
            "/lag/history": json.dumps(self.history).encode(),
        }


def at_night(now: datetime = NIGHT, **phrase: Any) -> Scene:
    """Nothing is wrong."""
    return Scene(a_board(now, **phrase), a_history(now))


def _otherwise(stage: Json, numbers: Sequence[int], behind: int, **phrase: Any) -> list[Json]:
    """The stage's partitions of its first topic; those of these numbers are so much behind."""
    first = stage["partitions"][0]["topic"]
    return [
        each | {"behind": behind, "committed": each["end"] - behind} | phrase
        if each["topic"] == first and each["partition"] in numbers
        else each
        for each in stage["partitions"]
    ]


def a_burst(now: datetime = NIGHT) -> Scene:
    """Two hundred thousand events came at once: the ledger works on them, and says for how long."""
    ledger = a_stage(now)
    oldest = timestamp(now - timedelta(seconds=95))
    to = timestamp(now - timedelta(seconds=96))
    late = {"rule": "catches_up", "oldest_event_at": oldest, "latest_event_at": to, "trend": "down"}
    partitions = _otherwise(ledger, (0, 1, 2), 41_200, **late, drain_s=31.0)
    stage = late | {"behind": 123_600, "drain_s": 34.0, "partitions": partitions}
    board = a_board(now, stages=stages(now, ledger=stage))
    board["outcomes"] |= {"in_flight": 123_600}
    return Scene(
        board,
        a_history(
            now,
            late_s={"ledger": lambda ago_s: max(0.0, 95.0 - ago_s)},
            behind={"ledger": lambda ago_s: 0 if ago_s > 90 else 123_600 + 800 * ago_s},
        ),
    )


def a_held_partition(now: datetime = NIGHT) -> Scene:
    """A record stops one partition of the ledger; the others go on."""
    since_s = 23 * 60
    oldest = timestamp(now - timedelta(seconds=since_s))
    bad = {"state": "BROKEN", "rule": "held", "oldest_event_at": oldest, "trend": "up"}
    held = {"offset": 70_871, "event_id": "mandat-2026-11-26-0044"}
    ledger = a_stage(now)
    partitions = _otherwise(
        ledger,
        (1,),
        133,
        **bad,
        doing="broken",
        held=held,
        oldest_recorded_at=oldest,
        latest_event_at=timestamp(now - timedelta(seconds=since_s + 2)),
    )
    stage = bad | {"behind": 133, "partitions": partitions}
    board = a_board(now, state="BROKEN", stages=stages(now, ledger=stage))
    board["outcomes"] |= {"in_flight": 133}
    return Scene(
        board,
        a_history(
            now,
            late_s={"ledger": lambda ago_s: float(max(0, since_s - ago_s))},
            behind={"ledger": lambda ago_s: max(0, 133 - ago_s // 10)},
        ),
    )


def a_dead_ledger(now: datetime = NIGHT) -> Scene:
    """The ledger died after its last event; since then nobody knows the times of what came."""
    since, waits = timestamp(now - timedelta(seconds=38)), timestamp(now - timedelta(seconds=42))
    dead = {"state": "STOPPED", "rule": "no_owner", "state_since": since, "waits_since": waits}
    ledger = a_stage(now)
    partitions = _otherwise(ledger, (0, 1, 2), 4, **dead, owner=None, doing=None)
    stage = dead | {"members": 0, "behind": 12, "partitions": partitions}
    board = a_board(now, state="STOPPED", stages=stages(now, ledger=stage))
    board["outcomes"] |= {"in_flight": 12}
    return Scene(board, a_history(now, behind={"ledger": lambda ago_s: 0 if ago_s > 42 else 12}))


def broker_down(now: datetime = NIGHT) -> Scene:
    """Kafka has not answered for four minutes: nobody knows who is behind."""
    since_s = 240
    unknown: Json = {"state": "UNKNOWN", "rule": "cluster_silent", "trend": None}
    found = {}
    for name in GROUPS:
        stage = a_stage(now - timedelta(seconds=since_s), name)
        nobody = {"committed": None, "end": None, "behind": None, "owner": None, "doing": None}
        partitions = [each | unknown | nobody for each in stage["partitions"]]
        found[name] = unknown | {
            "members": None,
            "behind": None,
            "latest_event_at": None,
            "partitions": partitions,
        }
    board = a_board(
        now,
        state="UNKNOWN",
        sampled_at=timestamp(now - timedelta(seconds=since_s)),
        stages=stages(now, **found),
    )
    board["outcomes"] |= {"in_flight": None, "gap": None}
    return Scene(
        board,
        a_history(
            now,
            late_s={name: lambda ago_s: None if ago_s < since_s else 0.0 for name in GROUPS},
            behind={name: lambda ago_s: None if ago_s < since_s else 0 for name in GROUPS},
            orders_waiting=lambda _: 41,
        ),
    )


def postgresql_down(now: datetime = NIGHT) -> Scene:
    """The read model cannot be written for eleven minutes: the projector stands still."""
    since_s = 660
    oldest = timestamp(now - timedelta(seconds=since_s))
    bad = {"state": "STALLED", "rule": "stands_still", "oldest_event_at": oldest, "trend": "up"}
    projector = a_stage(now, "projector")
    to = timestamp(now - timedelta(seconds=since_s + 1))
    partitions = _otherwise(
        projector, (0, 1, 2), 1_204, **bad, doing="retrying", latest_event_at=to
    )
    stage = bad | {"behind": 3_612, "latest_event_at": to, "partitions": partitions}
    return Scene(
        a_board(now, state="STALLED", stages=stages(now, projector=stage)),
        a_history(
            now,
            late_s={"projector": lambda ago_s: float(max(0, since_s - ago_s))},
            behind={"projector": lambda ago_s: max(0, 3_612 - 5 * ago_s - ago_s // 2)},
        ),
    )


def treasury_gone(now: datetime = NIGHT) -> Scene:
    """Nobody has read payment orders for three quarters of an hour."""
    since_s = 45 * 60
    oldest = timestamp(now - timedelta(seconds=since_s))
    gone = {"state": "STOPPED", "rule": "no_owner", "oldest_event_at": oldest, "trend": "up"}
    treasury = a_stage(now, "treasury")
    to = timestamp(now - timedelta(seconds=since_s + 40))
    partitions = _otherwise(
        treasury, (0, 1, 2), 6, **gone, owner=None, doing=None, latest_event_at=to
    )
    stage = gone | {"members": 0, "behind": 18, "latest_event_at": to, "partitions": partitions}
    return Scene(
        a_board(now, state="STOPPED", stages=stages(now, treasury=stage)),
        a_history(
            now,
            late_s={"treasury": lambda ago_s: float(max(0, since_s - ago_s))},
            behind={"treasury": lambda ago_s: max(0, 18 - ago_s // 150)},
            orders_waiting=lambda ago_s: 41 - min(18, ago_s // 150),
        ),
    )
