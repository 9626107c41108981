"""`ecluse parked`: the events that wait, what for, and since when."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from events.codec import reread
from events.envelope import Envelope, Event
from events.follow_up import PATIENCE
from events.masking import mask
from events.texts import Day, _, ngettext
from services.cli.records.journal_source import Database, Exported, fold_records, histories
from services.cli.records.trace_view import type_text
from services.cli.terminal.options import AsJson, OfBudget
from services.cli.terminal.output import print_json, show_spinner
from services.cli.terminal.screen import Cells, Screen
from services.cli.terminal.texts import READING
from services.ledger.application.handle import Ledger
from services.ledger.domain.model.book import Want
from services.ledger.explain.sentences import explain_wait

NOBODY_WAITS = _("No event is parked.")
WAITING = ngettext("{count} event parked.", "{count} events parked.")
DAYS = ngettext("{count} day", "{count} days")
HOUR = timedelta(hours=1)


class Waiting(NamedTuple):
    """An event that waits."""

    budget: str
    sequence: int
    """Of the record that parked it."""
    envelope: Envelope[Event]
    waits_for: Want

    @property
    def gives_up_at(self) -> datetime:
        """From when on a deadline may end its wait (rules, 29)."""
        return self.envelope.time + PATIENCE

    def age(self, now: datetime) -> timedelta:
        """The time it has waited; below zero where its sender's clock runs ahead."""
        return now - self.envelope.time

    def row(self, now: datetime) -> dict[str, Any]:
        """The event as a program reads it."""
        return {
            "budget": self.budget,
            "sequence": self.sequence,
            "event_id": self.envelope.id,
            "event_source": self.envelope.source,
            "type": self.envelope.type,
            "waits_for": self.waits_for._asdict(),
            "since": self.envelope.time.isoformat(),
            "age_s": int(self.age(now).total_seconds()),
            "gives_up_at": self.gives_up_at.isoformat(),
        }


def list_parked(
    budget: OfBudget = None,
    db: Database = None,
    exported: Exported = None,
    as_json: AsJson = False,
) -> None:
    """List the events that wait, the oldest first: what each waits for, and until when.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    with histories(db, exported) as journal, show_spinner(READING):
        ledger, _unused = fold_records(journal(budget), forgets=True)
    # An age is asked against the wall clock; nothing is decided by it.
    now = datetime.now(UTC)  # noqa: TID251
    show_parked(Screen(), waiting(ledger), now, as_json=as_json)


def waiting(ledger: Ledger) -> list[Waiting]:
    """All that wait, the oldest first."""
    found = [
        Waiting(name, sequence, reread(each.raw).envelope, each.want)
        for name, state in ledger.budgets.items()
        for sequence, each in state.memory.parked.items()
    ]
    return sorted(found, key=lambda each: (each.envelope.time, each.budget, each.sequence))


def show_parked(screen: Screen, events: list[Waiting], now: datetime, *, as_json: bool) -> None:
    """Those that wait, as they stand at one moment."""
    if as_json:
        print_json({"parked": [each.row(now) for each in events]})
        return
    if not events:
        screen.say(NOBODY_WAITS)
        return

    def rows_of(each: Waiting) -> list[Cells]:
        event = f"{mask(each.envelope.id)}\n{type_text(screen, each.envelope.type)}"
        want = mask(screen.text(explain_wait(each.waits_for._asdict())))
        since = screen.day(each.envelope.time.date().isoformat())
        age = f"{age_text(screen, each.age(now))}\n{since}"
        until = Day(each.gives_up_at.date().isoformat())
        return [(each.budget, each.sequence, event, want, age, until)]

    columns = ("budget", "sequence", "event", "detail", "age", "until")
    screen.show_list("parked", columns, events, rows_of)
    screen.say(WAITING.render(len(events)))


def age_text(screen: Screen, age: timedelta) -> str:
    """An age in days and hours; in hours alone within the first day."""
    hours = max(age // HOUR, 0)
    days, hours = divmod(hours, 24)
    hours_left = f"{hours} h"
    return f"{screen.text(DAYS.render(days))} {hours_left}" if days else hours_left
