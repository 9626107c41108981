"""Texts of the commands for people, in French and in English."""

from events.texts import Translatable, _, ngettext, pgettext

OUTCOME = {
    "accepted": _("accepted"),
    "duplicate": _("duplicate"),
    "refused": _("refused"),
    "parked": _("parked"),
    "dead_letter": _("dead letter"),
}
"""What became of one record."""

OUTCOMES = {
    "accepted": ngettext("{count} accepted", "{count} accepted"),
    "duplicate": ngettext("{count} duplicate", "{count} duplicates"),
    "refused": ngettext("{count} refused", "{count} refused"),
    "parked": ngettext("{count} parked", "{count} parked"),
    "dead_letter": ngettext("{count} dead letter", "{count} dead letters"),
}
"""What became of several."""

TITLES = {
    "entries": _("Commitment entries"),
    "accounting_entries": _("Accounting entries"),
    "orders": _("Payment orders"),
    "lines": _("Balances of budget {budget}"),
    "refusals": _("Refused events"),
    "parked": _("Parked events"),
    "dead_letters": _("Dead letters"),
    "by_reason": _("By reason"),
    "redrive": _("What they become"),
    "review_flags": _("To review"),
    "trial": _("What the ledger would say"),
    "changes": _("Balances that would change"),
    "heads": _("Head of the journal"),
    "journal": _("Journal"),
    "personal_data": _("Places"),
    "moves": _("Moves"),
    "refusal": _("Refusal"),
    "dead_letter": _("Dead letter"),
    "received": _("Event received"),
    "findings": _("What is wrong"),
    "differences": _("Decided otherwise"),
    "stages": _("Where each stage is"),
    "partitions": _("By partition"),
    "latencies": _("Latencies of the last hour"),
    "returns": _("Files of the accountant"),
    "open_findings": _("Findings"),
    "slips_waiting": _("Orders that wait for a slip"),
    "slips": _("Slips"),
    "pieces": _("Pieces"),
    "orders_waiting": _("Orders that have waited longest"),
    "reports_overdue": _("Reports overdue longest"),
    "settings": _("Settings"),
}

COLUMNS = {
    "id": pgettext("column", "id"),
    "kind": _("kind"),
    "line": _("line"),
    "amount": _("amount"),
    "convention": _("convention"),
    "order": _("payment order"),
    "state": _("state"),
    "due_on": _("due on"),
    "share": _("line, service"),
    "appropriated": _("appropriated"),
    "available": _("available"),
    "reserved": _("reserved"),
    "committed": _("committed"),
    "ordered": _("ordered"),
    "paid": _("paid"),
    "total": _("total"),
    "budget": _("budget"),
    "sequence": _("no."),
    "event": _("event"),
    "waits_for": _("waits for"),
    "where": _("where"),
    "place": _("place"),
    "code": _("code"),
    "outcome": _("outcome"),
    "detail": _("detail"),
    "hash": _("hash"),
    "previous_hash": _("previous"),
    "read_from": _("read from"),
    "resumes": _("resumes"),
    "set_aside_by": _("set aside by"),
    "why": _("why"),
    "stage": _("stage"),
    "setting": _("setting"),
    "value": _("value"),
    "source": _("source"),
    "roles": _("roles"),
    "from": _("from"),
    "to": _("to"),
    "carried_over": _("carried over"),
    "age": _("age, since"),
    "until": _("until"),
    "before": _("before"),
    "after": _("after"),
    "recorded": _("recorded"),
    "now": pgettext("column", "now"),
    "member": _("what"),
    "members": _("members"),
    "behind": _("behind"),
    "oldest": _("oldest"),
    "drained_in": _("done in"),
    "latest_event_at": _("latest event"),
    "partition": _("partition"),
    "position": _("position"),
    "end": _("end"),
    "owner": _("owner"),
    "step": _("step"),
    "count": _("count"),
    "median": _("median"),
    "most": _("95th percentile"),
    "longest": _("longest"),
    "issued": _("issued"),
    "document": _("document"),
    "file": _("file"),
    "finding": _("finding"),
    "slip": _("slip"),
    "type": _("type"),
    "date": _("date"),
    "account": _("account"),
    "label": _("label"),
    "debit": _("debit"),
    "credit": _("credit"),
}

COUNTS = {
    "events": ngettext("{count} event", "{count} events"),
    "records": ngettext("{count} record", "{count} records"),
    "chains": ngettext("{count} chain", "{count} chains"),
    "budgets": ngettext("{count} budget", "{count} budgets"),
    "payment_orders": ngettext("{count} payment order", "{count} payment orders"),
    "dead_letters": ngettext("{count} dead letter", "{count} dead letters"),
    "defects": ngettext("{count} defect", "{count} defects"),
}
"""Counted things, as facts of a sentence."""


def counts(**numbers: int) -> dict[str, Translatable]:
    """Facts of a sentence: so many of each of COUNTS."""
    return {name: COUNTS[name].render(count) for name, count in numbers.items()}


READ = ngettext("{count} event read", "{count} events read")
REVIEW_FLAGS = ngettext("{count} to review", "{count} to review")
SUMMARY = _("{read}: {outcomes}; {flags}.")
MORE = ngettext(
    "… and {count} more: --json shows them all", "… and {count} more: --json shows them all"
)
LINE_TERM = _("line {line}")
FAULT = _("{place}: {reason}")
VALID = ngettext(
    "{file}: {count} valid event of {lines}.", "{file}: {count} valid events of {lines}."
)
NO_RECORD = _("{budget}/{sequence}: there is no record at that place of the journal.")
NO_READ_MODEL = _("there is no read model there")
NO_RECORDS = _("{budget}: the journal has no record of this budget.")
EMPTY_JOURNAL = _("The journal is empty.")
RECORD = _("record {sequence}")
STORE_ERROR = _("Stopped: {error}")
REPLAYING = _("replaying")
ADDING_UP = _("adding up")
VALIDATING = _("validating")
READING = _("reading the journal")
