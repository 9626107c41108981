"""What the rules see of a place: its looks of late, and what follows from them. Pure."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice, takewhile
from typing import Final

from services.watch.lag.model import Look

GAP_S: Final = 10.0
"""Two looks farther apart have no evidence between them: a consumer may have done anything."""

TAIL_S: Final = 62.0
"""How far back the evidence goes that rules and trends are made of: their longest is a minute."""


class Window:
    """The looks at one place, and what they show at a moment.

    Only what came without a gap counts as evidence of what a consumer does or leaves undone: the
    tail. While the cluster is away, for one, nobody can read. And in the tail only what came since
    something moved: a lag that was 0 once excuses nothing that came after.
    """

    def __init__(
        self, looks: Sequence[Look], now_s: float, *, begun_s: float, silent: bool
    ) -> None:
        """A window on these looks.

        Args:
            looks: the oldest first, at least one, each later than the one before.
            now_s: the present.
            begun_s: when the last run of looks began that no silence of the cluster interrupted.
            silent: whether the cluster did not answer when it was asked last.
        """
        self.looks: Final = looks
        self.silent: Final = silent
        self.last: Final = looks[-1]
        self.age_s: Final = abs(now_s - self.last.at_s)
        self._begun_s = begun_s

    @cached_property
    def tail(self) -> list[Look]:
        """The last looks, oldest first, at which offset and end were known, without a gap."""
        found: list[Look] = []
        for look in reversed(self.looks):
            after = found[-1] if found else look
            if (
                look.left is None
                or look.at_s < self._begun_s
                or after.at_s - look.at_s > GAP_S
                or self.last.at_s - look.at_s > TAIL_S
            ):
                break
            found.append(look)
        return found[::-1]

    @property
    def previous(self) -> Look | None:
        """The look before the last, if there was no gap."""
        return self.tail[-2] if len(self.tail) > 1 else None

    @cached_property
    def stands_s(self) -> float:
        """For how long it has committed nothing new while there was something to read."""
        return self._for_s(lambda look: bool(look.left) and look.committed == self.last.committed)

    @cached_property
    def has_moved(self) -> bool:
        """Whether the tail shows that it works: it committed something new, or had all done."""
        return any(look.left == 0 or look.committed != self.last.committed for look in self.tail)

    @property
    def ends_alike_s(self) -> float:
        """For how long nothing has come, as far back as the tail goes."""
        return self._for_s(lambda look: look.end == self.last.end)

    @property
    def ownerless_looks(self) -> int:
        """At how many looks up to the last nobody owned it, while the group was at rest.

        And while nobody committed: who does is at work, whatever the group says.
        """
        return sum(
            1
            for _ in takewhile(
                lambda look: (
                    look.owner is None
                    and not look.rebalancing
                    and look.committed == self.last.committed
                ),
                self._back(),
            )
        )

    @property
    def has_lost_its_owner(self) -> bool:
        """Whether the last look is the first at which nobody owns it any more."""
        previous = self.previous
        if previous is None or self.ownerless_looks != 1:
            return False
        return previous.owner is not None or previous.rebalancing

    @property
    def wordless_s(self) -> float:
        """For how long its worker has not spoken, by the watch's own clock; 0 without words."""
        word = self.last.word
        if word is None:
            return 0.0
        return self._for_s(lambda look: look.word is not None and look.word.at_s == word.at_s)

    def since(self, ago_s: float) -> list[Look]:
        """The looks of the tail from the last one on that is at least so old; none: none is."""
        begin = next(
            (n for n, each in enumerate(self._back()) if self.last.at_s - each.at_s >= ago_s), None
        )
        return [] if begin is None else self.tail[-1 - begin :]

    @property
    def highest_before(self) -> int | None:
        """The highest offset that was committed before the last two looks, of all remembered."""
        before = islice(self.looks, max(0, len(self.looks) - 2))
        offsets = [each.committed for each in before if each.committed is not None]
        return max(offsets, default=None)

    @property
    def watched_s(self) -> float:
        """For how long it has been looked at, as far as that is remembered."""
        return self.last.at_s - self.looks[0].at_s

    @property
    def quiet_s(self) -> float:
        """For how long nothing has come, as was seen: of the time before the looks nobody knows."""
        since_s, end = self.last.at_s, self.last.end
        for look in reversed(self.looks):
            if look.end is not None:
                if look.end != end:
                    break
                since_s = look.at_s
        return self.last.at_s - since_s

    def _back(self) -> Iterator[Look]:
        return reversed(self.tail)

    def _for_s(self, is_so: Callable[[Look], bool]) -> float:
        """For how long it has been so at each look of the tail, up to the last one."""
        *_, earliest = (self.last, *takewhile(is_so, self._back()))
        return self.last.at_s - earliest.at_s
