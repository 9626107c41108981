"""What is equal is one object, as decided and as read back: what the memory of a year rests on."""

from collections.abc import Callable, Iterable, Mapping

import msgspec
import pytest

from services.ledger.application.restore import fold
from services.ledger.application.state_rows import restore_budgets
from services.ledger.domain.model.book import BudgetState
from services.ledger.domain.model.conventions import (
    NO_EARLIER_YEARS,
    Convention,
    ConventionMoney,
    EarlierYears,
    Instalment,
    document_key,
)
from services.ledger.domain.model.grants import Act, Award, BankAccount, Beneficiary, Grant
from services.ledger.domain.model.lines import (
    EMPTY,
    AwardedLine,
    Line,
    LineMoney,
    PlannedLine,
    ServiceShare,
    drop_key,
    share,
)
from services.ledger.domain.model.orders import PaymentOrder
from tests.builders import (
    BUDGET,
    Scenario,
    a_concurring_act,
    a_convention,
    a_report,
    a_vote,
    an_award,
    an_instalment,
)

CODE = "DELEGATION-1"
GRANTS = ("G", "H")


def a_year() -> Scenario:
    """Two grants on one line, the advance of each ordered and its balance awaited."""
    halves = [
        an_instalment(100),
        an_instalment(100, "balance", documents=[("activity_report", 2022)]),
    ]
    for each in halves:
        for line in each["lines"]:
            line["services"] = [{"code": CODE, "amount_cents": 100}]
    scenario = Scenario(a_vote(1_000), *[an_award(200, grant=grant) for grant in GRANTS])
    for grant in GRANTS:
        scenario.tell(a_convention(convention=f"C-{grant}", grant=grant, instalments=halves))
        assert "accepted" == scenario.answer()
    return scenario


def only(found: Iterable[object]) -> object:
    """The one object that all of these are."""
    objects = {id(each): each for each in found}
    (one,) = objects.values()
    return one


Budgets = Mapping[str, BudgetState]


@pytest.mark.parametrize(
    "budgets_of",
    [
        lambda scenario: scenario.ledger.budgets,
        lambda scenario: restore_budgets(scenario.store.state()),
        lambda scenario: fold(scenario.store.journal()),
    ],
    ids=["as decided", "as read back", "as made again"],
)
def test_what_is_equal_is_one_object(budgets_of: Callable[[Scenario], Budgets]) -> None:
    book = budgets_of(a_year())[BUDGET].book
    conventions, grants = list(book.conventions.values()), list(book.grants.values())
    awards = [each.award for each in grants if each.award is not None]
    assert (2, 2, 2) == (len(conventions), len(awards), len(book.orders))

    planned = [one for each in conventions for one in each.schedule]
    of_line: list[Line] = [*book.lines, *[each.line for one in planned for each in one.lines]]
    of_line += [money.line for each in conventions for money in each.lines]
    only(of_line + [line.line for each in awards for line in each.lines])
    only([each.act for each in awards] + [act for each in grants for act in each.acts])
    only(each.acts for each in grants)
    for each in conventions:
        only(instalment.lines for instalment in each.schedule)
        (paid,) = each.schedule[0].lines
        assert paid.services is not None
        assert paid.amount_cents is paid.services[0].amount_cents
        only([each.recoveries, each.order_counts, each.documents, EMPTY])
        only([each.earlier, NO_EARLIER_YEARS])
        award = book.award_under(each)
        assert award is not None
        only([each.beneficiary, award.beneficiary])
    only(share.code for one in planned for line in one.lines for share in line.services or ())
    for order in book.orders.values():
        convention = book.conventions[order.convention]
        only([order.convention, convention.convention])
        only([order.instalment, convention.schedule[0].instalment])
        only([order.lines, convention.schedule[0].lines])
    only(order.due_on for order in book.orders.values())
    only([each.signed_on for each in conventions])
    only([each.reserved_cents for each in grants] + [EMPTY])


def test_a_grant_that_only_a_concurring_act_names_is_read_back() -> None:
    scenario = Scenario(a_vote(1_000), a_concurring_act())
    (grant,) = restore_budgets(scenario.store.state())[BUDGET].book.grants.values()
    assert (None, EMPTY) == (grant.award, grant.reserved_cents)
    assert [grant] == list(scenario.book.grants.values())


def test_reserves_and_documents_that_were_read_back_name_what_all_others_name() -> None:
    events = [an_award(100, grant=grant) for grant in "GH"]
    scenario = Scenario(a_vote(1_000), *events, a_convention(100), a_report())
    book = restore_budgets(scenario.store.state())[BUDGET].book
    only([*book.lines, *book.grants["H"].reserved_cents])
    only([*book.conventions["C"].documents, document_key("activity_report", 2022)])


def test_what_is_equal_but_of_another_type_is_no_copy() -> None:
    line = Line("65", "65748", "61", None)
    assert type(share(tuple(line))) is tuple
    assert type(share(line)) is Line


STRUCTS = (
    *(Act, AwardedLine, Award, BankAccount, Beneficiary, Convention, ConventionMoney),
    *(EarlierYears, Grant, Instalment, LineMoney, PaymentOrder, PlannedLine, ServiceShare),
)
CHANGED_IN_PLACE = {Convention, ConventionMoney, Grant, Instalment, LineMoney}


@pytest.mark.parametrize("struct", STRUCTS)
def test_state_is_of_small_objects(struct: type[msgspec.Struct]) -> None:
    """Nothing in it refers back, so Python need not search it for cycles; rows have no names."""
    config = struct.__struct_config__
    assert (False, True) == (config.gc, config.array_like)
    assert (struct not in CHANGED_IN_PLACE) is config.frozen


def test_without_its_last_key_nothing_is_left() -> None:
    known = {"a": 1, "b": 2}
    assert {"b": 2} == drop_key(known, "a")
    assert {"a": 1, "b": 2} == known
    assert drop_key({"a": 1}, "a") is EMPTY
    assert drop_key(EMPTY, "a") is EMPTY
