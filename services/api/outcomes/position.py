"""A position in the journal: the next offset of each of its partitions, as one text. Pure.

It names what was read exactly: from the same position on, the same records follow, in the same
order within each partition, and a budget's records are all in one.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

PATTERN: Final = r"^[0-9]{1,10}-[0-9]{1,18}(\.[0-9]{1,10}-[0-9]{1,18})*$"
"""`0-13.1-7`: of partition 0 all before offset 13 was read, of partition 1 all before offset 7."""

CHARACTERS_MAX: Final = 20_000
"""Of 500 partitions and more."""


class Position(NamedTuple):
    """The next offset of each partition, by partition; a partition that is not there is unread."""

    offsets: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, offsets: Iterable[tuple[int, int]]) -> "Position":
        """The position with these next offsets."""
        return cls(tuple(sorted(offsets)))

    @classmethod
    def read(cls, text: str) -> "Position":
        """The position that is spelled so.

        Raises:
            ValueError: the text spells none.
        """
        if len(text) > CHARACTERS_MAX or re.fullmatch(PATTERN, text) is None:
            raise ValueError(text)
        parts = (part.split("-") for part in text.split("."))
        return cls.of((int(partition), int(offset)) for partition, offset in parts)

    def __str__(self) -> str:
        """As `read` reads it."""
        return ".".join(f"{partition}-{offset}" for partition, offset in self.offsets)

    def moved(self, partition: int, offset: int) -> "Position":
        """The position with another next offset in one partition."""
        return Position.of({**dict(self.offsets), partition: offset}.items())

    def behind(self, end: "Position") -> list[tuple[int, int, int]]:
        """Partitions in which something is left up to `end`: partition, next offset and end."""
        own = dict(self.offsets)
        left = ((partition, own.get(partition, 0), last) for partition, last in end.offsets)
        return [each for each in left if each[1] < each[2]]
