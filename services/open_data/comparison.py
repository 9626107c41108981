"""A file of grants held against the conventions of the read model. Pure.

A row has no number of a convention: it is the one with its entity, beneficiary, day and amount.
Where one of the three last differs, and one convention alone has the others, it is that one.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from services.open_data.conventions import Convention
from services.open_data.fields import Row, amount_text
from services.texts.amounts import read_euros
from services.texts.language import Language


class Kind(StrEnum):
    """The kinds of differences."""

    AMOUNT = "amount"
    DATE = "date"
    BENEFICIARY = "beneficiary"
    MISSING = "missing"
    """A convention that the file has not."""
    UNKNOWN = "unknown"
    """A row that is no convention, or one that another row is already."""


class Difference(NamedTuple):
    """A difference, with what stands in the file and what the convention has."""

    kind: Kind
    row: int | None = None
    budget: str | None = None
    convention: str | None = None
    found: str | None = None
    expected: str | None = None


class _Facts(NamedTuple):
    """The facts by which a row and a convention are compared."""

    entity: str
    beneficiary: str
    date: str
    amount: str

    def without(self, kind: Kind) -> tuple[Kind, tuple[str, ...]]:
        """The facts but one."""
        return kind, self._replace(**{kind: ""})


COMPARED = (Kind.AMOUNT, Kind.DATE, Kind.BENEFICIARY)


class Comparison:
    """Takes the rows of a file, one after the other.

    It keeps the conventions, and of the file only what is none of them.
    """

    def __init__(self, conventions: Iterable[Convention], above_cents: int) -> None:
        self._above_cents = above_cents
        self._waiting: dict[_Facts, list[Convention]] = {}
        for each in conventions:
            self._waiting.setdefault(_facts_of(each), []).append(each)
        self._unmatched: list[tuple[int, _Facts]] = []
        self._entities: set[str] = set()

    def take(self, number: int, row: Row) -> None:
        """The next row of the file that was not refused."""
        amount = amount_text(read_euros(row["montant"], Language.EN))
        facts = _Facts(row["idAttribuant"], row["idBeneficiaire"], row["dateConvention"], amount)
        self._entities.add(facts.entity)
        if self._found(facts) is None:
            self._unmatched.append((number, facts))

    def _found(self, facts: _Facts) -> Convention | None:
        """The convention with these facts, which no other row has then."""
        same = self._waiting.get(facts)
        if same is None:
            return None
        found = same.pop(0)
        if not same:
            del self._waiting[facts]
        return found

    def differences(self) -> list[Difference]:
        """The differences once all rows were taken: by row, then the conventions that are missing.

        Those of entities that the file does not name are not missing.
        """
        return [*self._of_rows(), *self._missing()]

    def _of_rows(self) -> Iterator[Difference]:
        nearly: dict[object, list[_Facts]] = {}
        for facts, same in self._waiting.items():
            for kind in COMPARED:
                nearly.setdefault(facts.without(kind), []).extend([facts] * len(same))
        for number, facts in self._unmatched:
            for kind in COMPARED:
                near = [each for each in nearly.get(facts.without(kind), ()) if self._has(each)]
                if len(near) == 1 and (convention := self._found(near[0])) is not None:
                    place = (number, convention.budget, convention.convention)
                    yield Difference(kind, *place, getattr(facts, kind), getattr(near[0], kind))
                    break
            else:
                yield Difference(Kind.UNKNOWN, number)

    def _has(self, facts: _Facts) -> bool:
        return facts in self._waiting

    def _missing(self) -> Iterator[Difference]:
        left = [each for same in self._waiting.values() for each in same]
        for each in sorted(left, key=lambda one: (one.budget, one.convention)):
            if each.entity in self._entities and each.highest_cents > self._above_cents:
                yield Difference(Kind.MISSING, None, each.budget, each.convention)


def _facts_of(convention: Convention) -> _Facts:
    day, amount = convention.signed_on.isoformat(), amount_text(convention.amount_cents)
    return _Facts(convention.entity, convention.siret, day, amount)
