"""`ecluse balances`: what came out of all events, folded from the journal topic."""

import asyncio
from typing import Any

import typer

from services.cli.records.summary_tables import Unread, show_summary
from services.cli.terminal.options import AsJson, OfBudget, Strict
from services.cli.terminal.output import busy, print_json
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import EMPTY_JOURNAL, NO_RECORDS, READING
from services.ledger.application.handle import Ledger
from services.ledger.files.summary import summary_of
from services.ledger.kafka.journal_topic import topic_journal
from services.runtime.ops.settings import Settings


def balances(
    budget: OfBudget = None,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Add the journal up: entries, payment orders, balances; --json as `replay` prints it.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    with busy(READING):
        figures, ledger, dead_letters = asyncio.run(_read(budget, with_texts=not as_json))
    if as_json:
        print_json(figures)
    elif figures["events"]:
        show_summary(screen, figures, ledger, dead_letters)
    else:
        screen.say(EMPTY_JOURNAL if budget is None else NO_RECORDS.render({"budget": budget}))
    if strict and (figures["refusals"] or figures["dead_letters"]):
        raise typer.Exit(1)


async def _read(
    budget: str | None, *, with_texts: bool
) -> tuple[dict[str, Any], Ledger, list[Unread]]:
    async with topic_journal(Settings()) as journal:
        ledger, history = await journal.fold(budget)
        sources = dict(history.dead_letters)
        sentences = await journal.notices(sources.keys()) if with_texts else {}
        dead_letters = [
            Unread(each, reason, sentences.get(each)) for each, reason in sources.items()
        ]
        return summary_of(ledger, history), ledger, dead_letters
