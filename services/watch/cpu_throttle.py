"""What the watch leaves to the ledger: while that has much to do, the watch takes part of one core.

Often both stand on one machine, and who looks must not slow down what is looked at. The watch falls
behind meanwhile, says by how much, and catches up when the ledger has. Where the groups stand it
knows all the time: that it asks, and need not read. Pure.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from services.watch.lag.model import Look, Place

MUCH: Final = 5_000
"""How many records before the ledger are much: half a second of its work at its peak. What comes
in the course of a day never leaves so many."""

MOVED_S: Final = 10.0
"""For how long the ledger is at work after its offsets were seen to move: who stands still, held
or stopped, has no use for the processor. Its workers say where they are every five seconds."""

REST_MAX_S: Final = 0.5
"""The longest rest at once: that the ledger is done is noticed as soon."""


class Spent(NamedTuple):
    """A moment: by a clock that never goes back, and in processor time of this process."""

    at_s: float
    cpu_s: float


class Courtesy:
    """When the watch rests, and for how long."""

    def __init__(self, share: float) -> None:
        """Of one core, `share` is what the watch takes while the ledger has much to do."""
        self._share = share
        self._committed: dict[Place, int] = {}
        self._moved_s: float | None = None
        self._is_due = False
        self._since: Spent | None = None

    def saw(self, ledger: Mapping[Place, Look], now_s: float) -> None:
        """Take note of a look at the ledger's group; `now_s` is of the same clock each time."""
        committed = {
            place: look.committed for place, look in ledger.items() if look.committed is not None
        }
        if any(at > self._committed.get(place, at) for place, at in committed.items()):
            self._moved_s = now_s
        self._committed = committed
        left = sum(look.left or 0 for look in ledger.values())
        works = self._moved_s is not None and now_s - self._moved_s <= MOVED_S
        self._is_due = works and left >= MUCH

    def unseen(self) -> None:
        """Nobody knows where the ledger stands: there is nothing to be courteous to."""
        self._is_due = False

    def rest_s(self, now: Spent) -> float:
        """How long to rest now, so that no more than the share is taken; 0 where it need not."""
        if not self._is_due:
            self._since = None
            return 0.0
        if self._since is None:
            self._since = now
        spent = now.cpu_s - self._since.cpu_s
        over_s = spent / self._share - (now.at_s - self._since.at_s)
        if over_s <= 0:
            self._since = now  # What was not taken is not owed.
            return 0.0
        return min(over_s, REST_MAX_S)
