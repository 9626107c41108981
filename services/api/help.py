"""The runbooks, for anybody: who is called at night may have no key at hand.

They hold nothing of a town. The database is not asked: it may be what has failed. They are the
files of docs/runbooks, rendered from Markdown and written in English, as the rules of the alarms
are; what each is about stands here in both languages.
"""

import pathlib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Path, Request
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from starlette.responses import Response

import events
from events.texts import _
from services.api.console.elements import Verbatim, address
from services.api.console.pages import answer, locale_of
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Problem

SEVERITIES: Final = {
    "critical": (
        _("Wake somebody"),
        (
            "EcluseAccountsLate",
            "EcluseConsumerStopped",
            "EcluseConsumerStalled",
            "EcluseConsumerRewound",
            "EclusePartitionHeld",
            "EcluseOutcomesDoNotAddUp",
            "EcluseEventTwice",
            "EcluseBalancesDiffer",
            "EcluseJournalFault",
            "EcluseServiceDown",
            "EcluseReadModelDown",
            "EcluseWatchOld",
        ),
    ),
    "warning": (
        _("Look this morning"),
        (
            "EcluseReadModelLate",
            "EcluseConsumerSlow",
            "EcluseConsumerUnknown",
            "EcluseTransactionsFailing",
            "EcluseDeadLetters",
            "EcluseParkedLong",
            "EcluseParkedPastDeadline",
            "EcluseOrdersDue",
            "EcluseOrdersUnacknowledged",
            "EcluseFindingsOpen",
            "EcluseSlipsUnanswered",
            "EcluseOutboxUnsent",
            "EcluseTreasuryJobFails",
            "EcluseReturnsLeft",
            "EcluseDeadlineEventsPending",
            "EcluseFigureUnknown",
            "EcluseLatenessUnknown",
        ),
    ),
    "info": (_("In office hours"), ("EcluseReportsOverdue",)),
}
"""By severity, its name and its alarms."""

RUNBOOKS: Final = {
    "EcluseAccountsLate": _(
        "the oldest event not decided is older than 10 minutes, or has waited for that long"
    ),
    "EcluseConsumerStopped": _("a partition is without owner: its group has no member for it"),
    "EcluseConsumerStalled": _("a member has something to read and does not move"),
    "EcluseConsumerRewound": _("a committed position went back"),
    "EclusePartitionHeld": _("a record that cannot be taken stops a partition"),
    "EcluseOutcomesDoNotAddUp": _("records taken and outcomes counted differ"),
    "EcluseEventTwice": _("an event stands in the journal twice"),
    "EcluseBalancesDiffer": _("published balances are not the sum of the journal"),
    "EcluseJournalFault": _("a journal cannot be added up"),
    "EcluseServiceDown": _("a service does not answer, or is not asked"),
    "EcluseReadModelDown": _("the API does not reach its database"),
    "EcluseWatchOld": _("what the watch says is of the past"),
    "EcluseReadModelLate": _("console and API are 10 minutes behind the journal"),
    "EcluseConsumerSlow": _("a group falls behind for 15 minutes"),
    "EcluseConsumerUnknown": _("it is not known how a group does"),
    "EcluseTransactionsFailing": _("more than three in five minutes"),
    "EcluseDeadLetters": _("one came within the last three days"),
    "EcluseParkedLong": _("an event has waited for a week"),
    "EcluseParkedPastDeadline": _("one is past its 30 days and not refused"),
    "EcluseOrdersDue": _("payment orders are due and not paid"),
    "EcluseOrdersUnacknowledged": _("the treasury has said nothing for five days"),
    "EcluseFindingsOpen": _("a finding of the treasury has been open for a day"),
    "EcluseSlipsUnanswered": _("a slip was issued two days ago, and the gateway has not answered"),
    "EcluseOutboxUnsent": _(
        "a message of the treasury has waited for 10 minutes for Kafka to take it"
    ),
    "EcluseTreasuryJobFails": _("our program failed at a job of the treasury"),
    "EcluseReturnsLeft": _(
        "a file stays in the folder of returns: our program failed at it, or it cannot be moved"
    ),
    "EcluseDeadlineEventsPending": _("internal events about passed deadlines are not written"),
    "EcluseFigureUnknown": _("the watch leaves a figure out"),
    "EcluseLatenessUnknown": _("nobody says how late a partition is"),
    "EcluseReportsOverdue": _("beneficiaries owe documents"),
}
"""By alarm, when it fires."""

NOW_AND_THEN: Final = {
    "rotation": _("change a password or a certificate without losing a record"),
}
"""What is done now and then, without an alarm."""


FOLDER: Final = pathlib.Path(events.__file__).parent.parent / "docs" / "runbooks"
"""Beside `events`, in the repository and where the package is installed."""

LIST: Final = "README"
"""The list of all; the console has its own."""


class Runbook(NamedTuple):
    """A runbook: its title, and the rest of it as HTML."""

    title: str
    html: Verbatim


@cache
def names() -> frozenset[str]:
    """The runbooks by the names of their alarms, and of what is done now and then."""
    return frozenset(path.stem for path in FOLDER.glob("*.md")) - {LIST}


@cache
def runbook(name: str) -> Runbook:
    """One of the runbooks, by its name."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    # The first three are its heading.
    title = tokens[1].content
    for token in tokens:
        if token.children is not None:
            token.children = _resolve_links(token.children)
    return Runbook(title, Verbatim(parser.renderer.render(tokens[3:], parser.options, {})))


def _resolve_links(tokens: list[Token]) -> list[Token]:
    """These tokens with links that lead somewhere from here; others keep their words alone."""
    kept, follows = [], True
    for token in tokens:
        if token.type == "link_open":
            href = _address(str(token.attrGet("href")))
            follows = href is not None
            token.attrSet("href", href or "")
        if follows or not token.type.startswith("link_"):
            kept.append(token)
    return kept


def _address(href: str) -> str | None:
    """The address of a link of a runbook; None where it leads into the repository."""
    if href.startswith(("https://", "http://")):
        return href
    name = href.partition("#")[0].removesuffix(".md")
    if name == LIST:
        return address("help")
    return address("help", name) if name in names() else None


router = APIRouter()

NAME_MAX: Final = 100
Name = Annotated[str, Path(max_length=NAME_MAX)]


@router.get("/console/help")
async def show_runbooks(request: Request, components: Given) -> Response:
    """All runbooks, by how urgent their alarm is."""
    locale = locale_of(request)
    content = {
        "title": locale.say(_("Alarms, and what to do")),
        "severities": SEVERITIES,
        "runbooks": RUNBOOKS,
        "now_and_then": NOW_AND_THEN,
    }
    return _answer(request, components, "help.html", content)


@router.get("/console/help/{name}")
async def show_runbook(request: Request, components: Given, name: Name) -> Response:
    """A runbook."""
    if name not in names():
        raise Problem(NOT_FOUND)
    found = runbook(name)
    content = {
        "title": found.title,
        "about": {**RUNBOOKS, **NOW_AND_THEN}.get(name),
        # Rendered from files of this program, with any HTML in them escaped.
        "body": Markup(found.html),  # noqa: S704
    }
    return _answer(request, components, "runbook.html", content)


def _answer(
    request: Request, components: Given, template: str, content: Mapping[str, Any]
) -> Response:
    locale = locale_of(request)
    instant = locale.instant(components.clock())
    return answer(request, locale, template, content, instant=instant)
