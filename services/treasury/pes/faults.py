"""Why an order, or a slip, cannot stand in a PES file: everything that the schema would refuse.

Rules of the DGFiP schema 5.17 and of its annotations; each fault names the order and what to do.
Codes of a budget line are judged before an order stands on it: an order keeps the codes of its
convention, so a fault that is found at its slip costs an amendment.
"""

import re
from collections.abc import Iterator
from typing import Final

from events.outbound import OrderLine, PaymentOrderIssued
from events.texts import Euros, Number, Translatable, _
from events.treasury import PIECE_NUMBER_MAX, PIECES_MAX, SLIP_NUMBER_MAX
from services.treasury.domain.plain_text import is_text, list_unwritable
from services.treasury.domain.slips import PES_AMOUNT_MAX_CENTS, Slip
from services.treasury.pes.accountant import BudgetConfig, TreasuryConfig
from services.treasury.pes.payee import Payee

ARTICLE: Final = re.compile(r"(?!0+$)[0-9]{1,12}")
FUNCTION: Final = re.compile(r"[0-9]{1,10}")
OPERATION: Final = re.compile(r"[0-9a-zA-Z]{1,10}")
BIC: Final = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")

OPERATING: Final = "6"
INVESTMENT: Final = "2"
"""First digits of the articles of a section (M57): they decide NatPce."""

FRENCH: Final = "FR"
"""The country of an IBAN: in every other the BIC is compulsory."""

NO_BUDGET: Final = _(
    "{order}: the file of ECLUSE_TREASURY_FILE has no codes of the accountant for budget {budget}:"
    " add them"
)
NO_CODE: Final = _(
    "{order}: budget {budget} has no {name} in the file of ECLUSE_TREASURY_FILE: ask the public"
    " accountant, and add it"
)
NO_CATEGORY: Final = _(
    "{order}: {siret} is a public body: name its CatTiers and NatJur under third_parties in the"
    " file of ECLUSE_TREASURY_FILE"
)
BAD_ARTICLE: Final = _(
    "{order}, line {line}: the article “{code}” is not 1 to 12 digits: cancel the order"
    " (answer “rejected”), and amend the convention"
)
BAD_FUNCTION: Final = _(
    "{order}, line {line}: the function “{code}” is not 1 to 10 digits: cancel the order"
    " (answer “rejected”), and amend the convention"
)
NO_FUNCTION: Final = _(
    "{order}, line {line}: the function is missing, and the budget is functional: cancel the"
    " order (answer “rejected”), and amend the convention"
)
BAD_OPERATION: Final = _(
    "{order}, line {line}: the operation “{code}” is not 1 to 10 letters or digits that mean"
    " something: cancel the order (answer “rejected”), and amend the convention"
)
NO_SECTION: Final = _(
    "{order}, line {line}: the article {code} begins with neither 6 (operating) nor 2"
    " (investment): cancel the order (answer “rejected”), and amend the convention"
)
TWO_SECTIONS: Final = _(
    "{order}: lines {one} and {other} are of different sections, and a piece has one: cancel"
    " the order (answer “rejected”), and share the convention out"
)
TOO_MUCH: Final = _(
    "{order}: {amount} is more than a PES file can say ({max}): cancel the order (answer"
    " “rejected”), and split the instalment"
)
BAD_NAME: Final = _(
    "{order}: the beneficiary's name cannot be written in ISO-8859-1 ({characters}): give its"
    " Latin form as Nom of {siret} under third_parties in the file of ECLUSE_TREASURY_FILE"
)
NO_NAME: Final = _(
    "{order}: the beneficiary's name says nothing: give one as Nom of {siret} under third_parties"
    " in the file of ECLUSE_TREASURY_FILE"
)
# An issued order keeps its account, and a change issues again only what was rejected before it.
BAD_HOLDER: Final = _(
    "{order}: the account holder's name cannot be written in ISO-8859-1 ({characters}): cancel the"
    " order (answer “rejected”), then have the bank account recorded with its Latin form"
    " (bank-account.changed), also where that was done before"
)
NO_HOLDER: Final = _(
    "{order}: the account holder's name is missing or says nothing: cancel the order (answer"
    " “rejected”), then have the bank account recorded with its holder (bank-account.changed), also"
    " where that was done before"
)
NO_BIC: Final = _(
    "{order}: the account is abroad and has no BIC: cancel the order (answer “rejected”), then have"
    " the bank account recorded with its BIC (bank-account.changed), also where that was done"
    " before"
)
BAD_BIC: Final = _(
    "{order}: the BIC {bic} has not the form that PES asks for: cancel the order (answer"
    " “rejected”), then have the bank account recorded with the right one (bank-account.changed),"
    " also where that was done before"
)
SLIP_TOO_MUCH: Final = _(
    "Slip {slip}: its orders add up to {amount}, more than a PES file can say ({max}): put fewer"
    " on it"
)
YEAR_TOO_MUCH: Final = _(
    "Slip {slip}: the year's slips add up to {amount}, more than a PES file can say ({max}): ask"
    " the public accountant"
)
TOO_MANY: Final = _("Slip {slip}: {count} orders; at most {max} stand on one")
BAD_SLIP_NUMBER: Final = _("Slip {slip}: its number must lie between 1 and {max}")
BAD_PIECE_NUMBER: Final = _(
    "Slip {slip}, {order}: the number {number} of its piece must lie between 1 and {max}"
)


def faults(order: PaymentOrderIssued, config: TreasuryConfig) -> list[Translatable]:
    """Why an order cannot stand on a slip, in words; empty where it can."""
    about = {"order": order.payment_order, "budget": order.budget}
    budget = config.find_budget(order.budget)
    if budget is None:
        return [NO_BUDGET.render(about)]
    found = [NO_CODE.render({"name": name}) for name in budget.missing]
    if order.amount_cents > PES_AMOUNT_MAX_CENTS:
        amounts = {"amount": Euros(order.amount_cents), "max": Euros(PES_AMOUNT_MAX_CENTS)}
        found.append(TOO_MUCH.render(amounts))
    for number, each in enumerate(order.lines, 1):
        found += [fault.render({"line": number}) for fault in _line_faults(each, budget)]
    found += _section_faults(order)
    found += _payee_faults(Payee.describe(order, config, budget), order)
    return [each.render(about) for each in found]


def slip_faults(slip: Slip) -> list[Translatable]:
    """Why a slip whose orders have no fault cannot be sent, in words; empty where it can."""
    return [each.render({"slip": slip.name}) for each in _slip_faults(slip)]


def _line_faults(line: OrderLine, budget: BudgetConfig) -> Iterator[Translatable]:
    code = line.line
    if ARTICLE.fullmatch(code.article) is None:
        yield BAD_ARTICLE.render({"code": code.article})
    elif not code.article.startswith((OPERATING, INVESTMENT)):
        yield NO_SECTION.render({"code": code.article})
    if budget.functional:
        if code.function is None:
            yield NO_FUNCTION
        elif FUNCTION.fullmatch(code.function) is None:
            yield BAD_FUNCTION.render({"code": code.function})
    operation = code.operation
    if operation is not None and not takes_operation(operation):
        yield BAD_OPERATION.render({"code": operation})


def _section_faults(order: PaymentOrderIssued) -> Iterator[Translatable]:
    sections = [each.line.article[0] for each in order.lines]
    for number, section in enumerate(sections, 1):
        if {section, sections[0]} == {OPERATING, INVESTMENT}:
            yield TWO_SECTIONS.render({"one": 1, "other": number})
            return


def _payee_faults(payee: Payee, order: PaymentOrderIssued) -> Iterator[Translatable]:
    if payee.category is None:
        yield NO_CATEGORY.render({"siret": payee.siret})
    if lost := list_unwritable(payee.name):
        yield BAD_NAME.render({"characters": lost, "siret": payee.siret})
    elif not is_text(payee.nom):
        yield NO_NAME.render({"siret": payee.siret})
    if lost := list_unwritable(order.bank_account.holder):
        yield BAD_HOLDER.render({"characters": lost})
    elif not is_text(payee.tit_cpte):
        yield NO_HOLDER
    if payee.bic is not None and BIC.fullmatch(payee.bic) is None:
        yield BAD_BIC.render({"bic": payee.bic})
    elif payee.bic is None and not payee.iban.startswith(FRENCH):
        yield NO_BIC


def _slip_faults(slip: Slip) -> Iterator[Translatable]:
    most = {"max": Euros(PES_AMOUNT_MAX_CENTS)}
    if slip.amount_cents > PES_AMOUNT_MAX_CENTS:
        yield SLIP_TOO_MUCH.render({"amount": Euros(slip.amount_cents), **most})
    elif slip.cumulative_cents > PES_AMOUNT_MAX_CENTS:
        yield YEAR_TOO_MUCH.render({"amount": Euros(slip.cumulative_cents), **most})
    if len(slip.pieces) > PIECES_MAX:
        yield TOO_MANY.render({"count": Number(len(slip.pieces)), "max": Number(PIECES_MAX)})
    if not 1 <= slip.number <= SLIP_NUMBER_MAX:
        yield BAD_SLIP_NUMBER.render({"max": Number(SLIP_NUMBER_MAX)})
    for each in slip.pieces:
        if not 1 <= each.number <= PIECE_NUMBER_MAX:
            yield BAD_PIECE_NUMBER.render(
                {
                    "order": each.order.payment_order,
                    "number": Number(each.number),
                    "max": Number(PIECE_NUMBER_MAX),
                }
            )


LINE_WITH_BAD_FUNCTION: Final = _(
    "No slip can pay from line {line}: the function “{code}” is not 1 to 10 digits. Vote, award and"
    " sign under another code."
)
LINE_WITHOUT_FUNCTION: Final = _(
    "No slip can pay from line {line}: the function is missing, and the budget is functional. Award"
    " and sign with one."
)
LINE_WITH_BAD_OPERATION: Final = _(
    "No slip can pay from line {line}: the operation “{code}” is not 1 to 10 letters or digits that"
    " mean something. Vote, award and sign under another code."
)


def code_faults(
    line: str,
    function: str | None,
    operation: str | None,
    *,
    functional: bool | None,
    is_granted: bool,
) -> Iterator[Translatable]:
    """Why no order on a line can stand on a slip, in words.

    Args:
        line: its name for people.
        function: its code; None where it has none.
        operation: its code; None where it has none.
        functional: whether lines of the budget have functions; None where nobody says so.
        is_granted: whether a grant is paid from it; of others the function may be missing.
    """
    if function is None:
        if functional and is_granted:
            yield LINE_WITHOUT_FUNCTION.render({"line": line})
    elif functional is not False and FUNCTION.fullmatch(function) is None:
        yield LINE_WITH_BAD_FUNCTION.render({"line": line, "code": function})
    if operation is not None and not takes_operation(operation):
        yield LINE_WITH_BAD_OPERATION.render({"line": line, "code": operation})


def takes_operation(code: str) -> bool:
    """True of an operation that a PES file can say (CptAna)."""
    return OPERATION.fullmatch(code) is not None and is_text(code)
