"""`ecluse order`: the accountant's answer on a payment order, and its payment, sent by hand."""

from typing import Annotated, Any, Final, Literal

import typer

from events.payments import PaymentExecuted, PaymentOrderAcknowledged
from events.texts import Euros, _
from services.cli.commands.events.api_client import HERE, Api
from services.cli.commands.events.by_hand import (
    EXIT_REFUSED,
    On,
    Url,
    Yes,
    api_at,
    cents_of,
    parse_day,
    send_by_hand,
)
from services.cli.terminal.options import AsJson, Command, Group, typed, typed_or_none
from services.cli.terminal.output import EXIT_NOT_THERE, bad_option, exit_with

NO_ORDER = _("The API shows no payment order {order}; check its reference, and --budget.")
PAID = _("{order} is paid, {amount}: nothing is left.")
SEVERAL = _("Several budgets have an order {order}: name one with --budget ({budgets}).")
HALF_A_REASON = _("A reason has a code and a wording: give --reason-code and --reason")

Reference = Annotated[
    str, typer.Argument(metavar="ORDER", help="As issued: CONVENTION/INSTALMENT.", callback=typed)
]
InBudget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BUDGET",
        help="Where several have such an order.",
        callback=typed_or_none,
    ),
]

LISTED_MAX: Final = "1000"
"""Orders of one convention that are asked for at once."""

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def order() -> None:
    """Send what the accountant did with a payment order, by hand: shown, tried, then sent."""


@app.command("acknowledge", cls=Command)
def acknowledge(
    reference: Reference,
    on: On,
    state: Annotated[
        Literal["taken_in_charge", "on_hold", "rejected"],
        typer.Option("--state", help="The answer."),
    ] = "taken_in_charge",
    reason_code: Annotated[
        str | None,
        typer.Option("--reason-code", metavar="CODE", help="The accountant's code for the reason."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="The reason, in words.")
    ] = None,
    budget: InBudget = None,
    url: Url = HERE,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send the accountant's answer: the order is taken in charge, on hold or rejected.

    It shows the event and what the ledger would decide, and asks before it sends.
    The API is asked with the key in ECLUSE_API_KEY, which must read and publish.
    """
    day = parse_day(on)
    if (reason is None) != (reason_code is None):
        raise bad_option("--reason", HALF_A_REASON)
    api = api_at(url)
    found = _found(api, reference, budget)
    data = {
        "budget": found["budget"],
        "payment_order": reference,
        "state": state,
        "on": day,
        "reason": None
        if reason is None or reason_code is None
        else {"code": typed(reason_code), "label": typed(reason)},
    }
    send_by_hand(api, PaymentOrderAcknowledged.TYPE, data, yes=yes, as_json=as_json)


@app.command("pay", cls=Command)
def pay(
    reference: Reference,
    on: On,
    amount: Annotated[
        str | None,
        typer.Option("--amount", metavar="EUROS", help="Like 1234.56; else all that is left."),
    ] = None,
    bank_reference: Annotated[
        str | None,
        typer.Option("--bank-reference", metavar="TEXT", help="The bank's reference."),
    ] = None,
    budget: InBudget = None,
    url: Url = HERE,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send that the treasury paid the order, in full or in part.

    It shows the event and what the ledger would decide, and asks before it sends.
    The API is asked with the key in ECLUSE_API_KEY, which must read and publish.
    """
    day = parse_day(on)
    cents = None if amount is None else cents_of("--amount", amount)
    api = api_at(url)
    found = _found(api, reference, budget)
    left_cents = found["amount_cents"] - found["paid_cents"]
    if cents is None and left_cents == 0:
        facts = {"order": reference, "amount": Euros(found["paid_cents"])}
        exit_with(PAID.render(facts), EXIT_REFUSED)
    data = {
        "budget": found["budget"],
        "payment_order": reference,
        "amount_cents": left_cents if cents is None else cents,
        "executed_on": day,
        "bank_reference": typed_or_none(bank_reference),
    }
    send_by_hand(api, PaymentExecuted.TYPE, data, yes=yes, as_json=as_json)


def _found(api: Api, reference: str, budget: str | None) -> dict[str, Any]:
    """The order of that reference, in this budget or in the only one that has it."""
    if budget is not None:
        whole = api.ask("budgets", budget, "payment-orders", reference)
        found = [] if whole is None else [whole["order"]]
    else:
        convention = reference.partition("/")[0]
        page = api.ask("payment-orders", convention=convention, limit=LISTED_MAX)
        found = [each for each in page["items"] if each["payment_order"] == reference]
    if not found:
        exit_with(NO_ORDER.render({"order": reference}), EXIT_NOT_THERE)
    if len(found) > 1:
        budgets = ", ".join(each["budget"] for each in found)
        raise bad_option("--budget", SEVERAL.render({"order": reference, "budgets": budgets}))
    one: dict[str, Any] = found[0]
    return one
