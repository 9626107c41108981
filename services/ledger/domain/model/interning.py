"""One copy of what is equal: a city's conventions name the same few codes thousands of times.

Nothing here changes a value; it only lets equal ones be the same object, which halves the memory
of a convention line (docs/decisions/0007-memory.md).
"""

from collections.abc import Iterable, Mapping
from sys import intern
from typing import TypeVar

from services.ledger.domain.model.book import BudgetState
from services.ledger.domain.model.conventions import Convention, document_key
from services.ledger.domain.model.grants import Award
from services.ledger.domain.model.lines import AwardedLine, Line, PlannedLine, ServiceShare

Tuple = TypeVar("Tuple", bound=tuple[object, ...])


def with_own_lines(award: Award, own: Mapping[Line, Line]) -> Award:
    """The award, its lines those of the budget."""
    lines = tuple(AwardedLine(own.get(line, line), cents) for line, cents in award.lines)
    return award._replace(lines=lines)


def with_shared_parts(convention: Convention, own: Mapping[Line, Line]) -> Convention:
    """The convention, its lines those of the budget, its equal parts one object."""
    same: dict[tuple[object, ...], tuple[object, ...]] = {}

    def one(value: Tuple) -> Tuple:
        # Equal as tuples is not enough: a document (kind, year) is no department (code, cents).
        of = type(value[0]) if value else None
        return same.setdefault((type(value), of, value), value)  # type: ignore[return-value] # equal, so of its type

    convention.lines = {own.get(line, line): money for line, money in convention.lines.items()}
    for instalment in convention.schedule:
        instalment.instalment = intern(instalment.instalment)
        instalment.trigger = intern(instalment.trigger)
        instalment.documents = one(
            tuple(document_key(kind, year) for kind, year in instalment.documents)
        )
        instalment.lines = one(
            tuple(
                one(
                    PlannedLine(
                        own.get(each.line, each.line),
                        each.amount_cents,
                        None if each.services is None else one(_with_shared_codes(each.services)),
                    )
                )
                for each in instalment.lines
            )
        )
    return convention


def _with_shared_codes(services: Iterable[ServiceShare]) -> tuple[ServiceShare, ...]:
    return tuple(ServiceShare(intern(code), amount_cents) for code, amount_cents in services)


def keep(state: BudgetState, convention: Convention) -> None:
    """Put a convention that is new, or was made anew, into the book."""
    kept = with_shared_parts(convention, state.book.own_lines)
    state.book.conventions[convention.convention] = kept
    state.touch_whole_convention(convention.convention)
