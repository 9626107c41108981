"""Histories as an operator reads them: one sample after the other, every two seconds.

12/20     12 is committed, the partition ends at 20: 8 are left to read
-/20      nothing was ever committed
12/-      where it ends is not known
12/20!    nobody owns the partition
12/20~    the group is sharing out its partitions
|         here the cluster did not answer
12/20*5   five samples in a row like that
"""

from collections.abc import Iterator
from typing import Any, Final

from events.topics import Place
from services.lag.judge.history import History
from services.lag.judge.model import Consumer, Judgement, Sample
from services.runtime.processing.status import Status

LEDGER: Final = Consumer(
    "ledger", "ecluse.ledger", ("ecluse.events.v1", "ecluse.internal-events.v1")
)
PLACE: Final = Place("ecluse.events.v1", 0)
OWNER: Final = "ledger-1"
START_S: Final = 1_795_660_800.0
EVERY_S: Final = 2.0


def a_status(at_s: float = START_S, **given: Any) -> Status:
    """The status of a worker that is well and has nothing to do."""
    nothing: dict[str, Any] = {
        "state": "running",
        "caught_up": True,
        "oldest_event_s": None,
        "oldest_recorded_s": None,
        "done_event_s": None,
        "taken": 0,
        "outcomes": 0,
        "arrival_s": None,
        "handling_s": None,
        "held": None,
    }
    return Status(at_s, **(nothing | given))


def written(history: str, every_s: float = EVERY_S, **more: Any) -> Iterator[Sample | None]:
    """The samples of a history; None where the cluster did not answer."""
    at_s = START_S
    for part in history.split():
        text, _, times = part.partition("*")
        for _ in range(int(times or 1)):
            yield None if text == "|" else _sample(text, at_s, more)
            at_s += every_s


def _sample(text: str, at_s: float, more: dict[str, Any]) -> Sample:
    committed, end = text.rstrip("!~").split("/")
    seen = Sample(
        at_s,
        None if committed == "-" else int(committed),
        None if end == "-" else int(end),
        None if "!" in text or "~" in text else OWNER,
        "~" in text,
        None,
    )
    return seen._replace(**more)


def seen(history: str, every_s: float = EVERY_S, **more: Any) -> History:
    """The history as the watch keeps it."""
    remembered = History()
    for sample in written(history, every_s, **more):
        if sample is None:
            remembered.no_answer()
        else:
            remembered.add(LEDGER, PLACE, sample)
    return remembered


def judgement_of(
    history: str, every_s: float = EVERY_S, later_s: float = 0.0, **more: Any
) -> Judgement:
    """The judgement of a history, so long after its last sample."""
    samples = list(written(history, every_s, **more))
    now_s = START_S + (len(samples) - 1) * every_s + later_s
    (judged,) = seen(history, every_s, **more).judge(now_s)
    return judged
