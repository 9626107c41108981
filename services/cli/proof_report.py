"""The report of a proof for people: findings, what it does not prove, and totals."""

from typing import Final

from events.masking import masked
from events.texts import _
from services.cli.screen import Prose, Screen
from services.texts.translation import translate
from services.verifier.findings import Finding, Place
from services.verifier.report import Report

EXIT_DISPROVED: Final = 1
"""The exit code where something is not proved."""

PROVED = _(
    "proved: {events} events, {budgets} budgets, {payment_orders} payment orders, {expired} not "
    "comparable"
)
DISPROVED = _(
    "{defects} defects: {events} events, {budgets} budgets, {payment_orders} payment orders, "
    "{expired} not comparable"
)
NOT_PROVED = _("What this does not prove:")


def show(screen: Screen, report: Report) -> None:
    """A proof for people: what is wrong, what it does not prove, and the sum of it."""
    table = screen.table("findings", ("budget", "sequence", "place", "code", "detail"))

    def add(finding: Finding) -> None:
        place, sentence = finding.place, translate(finding.text, screen.language)
        sequence = str(place.sequence) if place.sequence else "–"
        cells = (place.budget or "–", sequence, _position(place), finding.code.code)
        screen.add(table, *cells, masked(sentence))

    screen.fill(table, report.findings, add)
    screen.say(NOT_PROVED)
    for remark in report.remarks:
        screen.console.print(Prose(f"- {translate(remark.text, screen.language)}"))
    counted = report.counted
    facts = {
        "defects": sum(report.counts.values()),
        "events": sum(counted["outcomes"].values()),
        **{name: counted[name] for name in ("budgets", "payment_orders", "expired")},
    }
    screen.say((PROVED if report.proved else DISPROVED).render(facts))


def _position(place: Place) -> str:
    """The place of a record: `topic/partition/offset`, or a file with its line."""
    parts = [place.topic, *(str(each) for each in (place.partition, place.offset) if each >= 0)]
    return "/".join(part for part in parts if part) or "–"
