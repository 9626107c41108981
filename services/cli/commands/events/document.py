"""`ecluse document`: a document that a beneficiary owed has come, sent by hand."""

from typing import Annotated, Any, Final

import typer

from events.parts import DocumentKind
from events.reports import ReportReceived
from events.texts import _
from services.cli.commands.events.api_client import HERE, Api
from services.cli.commands.events.by_hand import (
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

NO_GRANT = _("The API shows no grant {grant} with a convention; check its reference, and --budget.")
SEVERAL_BUDGETS = _("Several budgets have a grant {grant}: name one with --budget ({budgets}).")
SEVERAL_CONVENTIONS = _("The grant has several conventions: name one ({conventions})")
WHICH_YEAR = _("The year of the document: awaited are {years}")
NONE_AWAITED = _("No such document is awaited: name its year")

LISTED_MAX: Final = "1000"

InBudget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BUDGET",
        help="Where several have such a grant.",
        callback=typed_or_none,
    ),
]
OfConvention = Annotated[
    str | None,
    typer.Option(
        "--convention",
        metavar="NUMBER",
        help="Where the grant has several.",
        callback=typed_or_none,
    ),
]

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def document() -> None:
    """Send that a document of a beneficiary has come, by hand: shown, tried, then sent."""


@app.command("received", cls=Command)
def received(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="Its reference.", callback=typed)],
    kind: Annotated[
        DocumentKind, typer.Argument(metavar="KIND", help="activity_report, certified_accounts, …")
    ],
    on: On,
    year: Annotated[
        int | None,
        typer.Option("--year", metavar="YEAR", help="Its year; else that of the one awaited."),
    ] = None,
    convention: OfConvention = None,
    eligible_cost: Annotated[
        str | None,
        typer.Option("--eligible-cost", metavar="EUROS", help="The cost that it proves."),
    ] = None,
    budget: InBudget = None,
    url: Url = HERE,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send that a report or an account has come.

    It shows the event and what the ledger would decide, and asks before it sends.
    The API is asked with the key in ECLUSE_API_KEY, which must read and publish.
    """
    day = parse_day(on)
    cents = None if eligible_cost is None else cents_of("--eligible-cost", eligible_cost)
    api = api_at(url)
    found_budget, conventions = _conventions(api, grant, budget)
    chosen = _chosen(conventions, convention)
    data = {
        "budget": found_budget,
        "convention": chosen["convention"],
        "document": {"kind": kind, "year": _year(chosen, kind) if year is None else year},
        "received_on": day,
        "eligible_cost_cents": cents,
    }
    send_by_hand(api, ReportReceived.TYPE, data, yes=yes, as_json=as_json)


def _conventions(api: Api, grant: str, budget: str | None) -> tuple[str, list[dict[str, Any]]]:
    """The budget of a grant, and its conventions."""
    if budget is None:
        page = api.ask("grants", search=grant, limit=LISTED_MAX)
        budgets = [each["budget"] for each in page["items"] if each["grant"] == grant]
        if len(budgets) > 1:
            facts = {"grant": grant, "budgets": ", ".join(budgets)}
            raise bad_option("--budget", SEVERAL_BUDGETS.render(facts))
        budget = next(iter(budgets), "")
    whole = api.ask("budgets", budget, "grants", grant) if budget else None
    if whole is None or not whole["conventions"]:
        exit_with(NO_GRANT.render({"grant": grant}), EXIT_NOT_THERE)
    return budget, whole["conventions"]


def _chosen(conventions: list[dict[str, Any]], convention: str | None) -> dict[str, Any]:
    """The convention that was named, or the only one."""
    found = [each for each in conventions if convention in {None, each["convention"]}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(each["convention"] for each in conventions)
    raise bad_option("--convention", SEVERAL_CONVENTIONS.render({"conventions": names}))


def _year(convention: dict[str, Any], kind: str) -> int:
    """The year of the one document of this kind that is awaited."""
    owed = [each for one in convention["instalments"] for each in one["documents"]]
    owed += convention["obligations"]
    years = {
        int(each["year"])
        for each in owed
        if each["kind"] == kind
        and (each["received_on"] is None or each["rejected_for"] is not None)
    }
    if len(years) == 1:
        return years.pop()
    listed = ", ".join(map(str, sorted(years)))
    raise bad_option("--year", WHICH_YEAR.render({"years": listed}) if years else NONE_AWAITED)
