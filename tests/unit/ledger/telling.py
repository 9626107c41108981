"""A reference looked up in what a ledger has journalled, as `ecluse trace` does."""

from events.codec import reread
from events.envelope import Envelope, Event
from services.ledger.application.restore import Folding
from services.ledger.domain.awaited import Awaited
from services.ledger.domain.journal import JournalRecord, Outcome
from services.trace.index import Index
from services.trace.trace import Story
from tests import builders


def envelope(record: JournalRecord) -> Envelope[Event]:
    return reread(record.event or b"").envelope


def chain(history: builders.Scenario, budget: str) -> list[JournalRecord]:
    return [each for each in history.records if each.budget == budget]


def story_of(history: builders.Scenario, ref: str, budget: str | None = None) -> Story:
    """The story of a reference; from one budget on, through those that it leads to."""
    index = Index(ref, budget)
    budgets = {each.budget for each in history.records if each.outcome is not Outcome.DEAD_LETTER}
    wanted = sorted(budgets) if budget is None else [budget]
    asked: set[str] = set()
    while wanted:
        for name in wanted:
            for record in chain(history, name):
                index.hear(record, envelope(record).data)
        asked.update(wanted)
        wanted = [each for each in index.missing() if each not in asked]
    story = index.story()
    for name in story.budgets:
        for record in chain(history, name):
            story.hear(record, envelope(record))
    return story


def awaited(history: builders.Scenario, story: Story) -> list[tuple[str, Awaited]]:
    """What is awaited of it in the state that the journal leaves."""
    folding = Folding(forgets=False)
    for record in history.records:
        folding.apply(record)
    return story.awaited(folding.budgets)
