"""One copy of what is equal: a city's conventions name the same few codes thousands of times.

Nothing here changes a value; it only lets equal ones be the same object, which halves the memory
of a convention line (docs/decisions/0007-memory.md).
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from sys import intern

from services.ledger.domain.model.book import BudgetState
from services.ledger.domain.model.conventions import Convention, DocumentKey, document_key
from services.ledger.domain.model.grants import Award
from services.ledger.domain.model.lines import AwardedLine, Line, PlannedLine, ServiceShare


def with_own_lines(award: Award, own: Mapping[Line, Line]) -> Award:
    """The award, its lines those of the budget."""
    lines = tuple(AwardedLine(own.get(line, line), cents) for line, cents in award.lines)
    return award._replace(lines=lines)


def with_shared_parts(convention: Convention, own: Mapping[Line, Line]) -> Convention:
    """The convention, its lines those of the budget, its equal parts one object."""
    plans: dict[tuple[PlannedLine, ...], tuple[PlannedLine, ...]] = {}
    planned: dict[PlannedLine, PlannedLine] = {}
    shares: dict[tuple[ServiceShare, ...], tuple[ServiceShare, ...]] = {}

    def one(each: PlannedLine) -> PlannedLine:
        services = each.services
        if services is not None:
            services = _with_shared_codes(services)
            services = shares.setdefault(services, services)
        line = PlannedLine(own.get(each.line, each.line), each.amount_cents, services)
        return planned.setdefault(line, line)

    convention.lines = {own.get(line, line): money for line, money in convention.lines.items()}
    for instalment in convention.schedule:
        instalment.instalment = intern(instalment.instalment)
        instalment.trigger = intern(instalment.trigger)
        instalment.documents = _shared_documents(instalment.documents)
        plan = plans.get(instalment.lines)
        if plan is None:
            plan = plans[instalment.lines] = tuple([one(each) for each in instalment.lines])
        instalment.lines = plan
    return convention


def _with_shared_codes(services: Iterable[ServiceShare]) -> tuple[ServiceShare, ...]:
    return tuple([ServiceShare(intern(code), amount_cents) for code, amount_cents in services])


@lru_cache(maxsize=4096)
def _shared_documents(keys: tuple[DocumentKey, ...]) -> tuple[DocumentKey, ...]:
    return tuple([document_key(*each) for each in keys])


def keep(state: BudgetState, convention: Convention) -> None:
    """Put a convention that is new, or was made anew, into the book."""
    kept = with_shared_parts(convention, state.book.own_lines)
    state.book.conventions[convention.convention] = kept
    state.touch_whole_convention(convention.convention)
