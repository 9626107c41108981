"""The tables of the treasury: apart from the read model, which may be dropped and made again.

Amounts are integer cents, days end in `_on`, instants in `_at`.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from services.projector.tables.columns import Cents, Instant, Json, line

SCHEMA: Final = "ecluse_treasury"
"""The PostgreSQL schema; SQLite has a file of its own instead."""

VERSION_TABLE: Final = "treasury_version"
"""Name of the table with the version of the schema."""

metadata: Final = MetaData(schema=SCHEMA)

_number: Final = BigInteger().with_variant(Integer, "sqlite")

positions: Final = Table(
    "positions",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    comment="How far each partition is in these tables; embedded, the journal. Who writes has"
    " raised `epoch`, and whoever finds another has lost the partition.",
)

orders: Final = Table(
    "orders",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("payment_order", Text, primary_key=True),
    Column("message", LargeBinary, nullable=False),
    Column("amount_cents", Cents, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("cancelled", Integer, nullable=False, server_default="0"),
    Column("slip_id", Text),
    Column("cancelling_slip_id", Text),
    Column("traceparent", Text),
    Index(
        "orders_waiting",
        "budget",
        sqlite_where=text("slip_id IS NULL"),
        postgresql_where=text("slip_id IS NULL"),
    ),
    Index(
        "orders_to_take_back",
        "budget",
        sqlite_where=text("cancelled <> 0 AND cancelling_slip_id IS NULL"),
        postgresql_where=text("cancelled <> 0 AND cancelling_slip_id IS NULL"),
    ),
    comment="Payment orders as the ledger issued them, each once. `message` is the data of"
    " payment-order.issued. `slip_id` is the slip on which it stands, `cancelling_slip_id` the one"
    " (02-02-06) by which it was withdrawn after it was sent.",
)

confirmations: Final = Table(
    "confirmations",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("payment_order", Text, primary_key=True),
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("confirmed_at", Instant, nullable=False),
    Column("confirmed_by", Text, nullable=False),
    comment="Who said that an order is to be paid although its beneficiary's account was replaced,"
    " or its convention suspended or terminated. `record` is the last record of the budget's"
    " journal of which they knew.",
)

compared: Final = Table(
    "compared",
    metadata,
    Column("topic", Text, primary_key=True),
    comment="A row for the topic of slips once these tables lack none of what was sent there.",
)

series: Final = Table(
    "series",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("next_number", BigInteger, nullable=False),
    comment="The next number of slips (`slip:01`, `slip:02`) and of pieces (`piece:01`,"
    " `piece:02`) of a budget, and of the ids of its slips (`draft`): its row is locked while"
    " numbers are given.",
)

free_numbers: Final = Table(
    "free_numbers",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    comment="Numbers of slips and pieces that are in no slip any more: the next slip takes them"
    " first.",
)

slips: Final = Table(
    "slips",
    metadata,
    Column("slip_id", Text, primary_key=True),
    Column("budget", Text, nullable=False),
    Column("slip_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("number", BigInteger),
    Column("piece_count", Integer, nullable=False),
    Column("amount_cents", Cents, nullable=False),
    Column("cumulative_cents", Cents),
    Column("prepared_at", Instant, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("issued_on", Date),
    Column("issued_at", Instant),
    Column("issued_by", Text),
    Column("exported_at", Instant),
    Column("exported_by", Text),
    Column("answered_at", Instant),
    Column("answer", Json),
    Column("file_name", Text),
    Column("file", LargeBinary),
    Column("file_sha256", Text),
    Index("slips_by_budget", "budget", "slip_type", "number"),
    Index(
        "slips_by_number",
        "budget",
        "slip_type",
        "number",
        unique=True,
        sqlite_where=text("state <> 'cancelled'"),
        postgresql_where=text("state <> 'cancelled'"),
    ),
    Index("slips_by_file", "file_name"),
    comment="Slips (bordereaux): type 01 pays, 02 cancels. State: prepared (no number yet), issued,"
    " accepted or refused by the gateway (PES_ACQUIT), cancelled. `file` is the PES file, gzipped;"
    " `answer` what the gateway said, in words.",
)

pieces: Final = Table(
    "pieces",
    metadata,
    Column("slip_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("budget", Text, nullable=False),
    Column("payment_order", Text, nullable=False),
    Column("number", BigInteger),
    Column("amount_cents", Cents, nullable=False),
    Column("line_cents", Json, nullable=False),
    Index("pieces_by_number", "budget", "number"),
    Index("pieces_by_order", "budget", "payment_order"),
    comment="The payment orders of a slip, each one piece (mandat) with its number once issued;"
    " `line_cents` are the amounts of its lines, in the order of IdLigne from 1.",
)

returns: Final = Table(
    "returns",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received_by", Text, nullable=False),
    Column("dated_on", Date),
    Column("outcome", Text, nullable=False),
    Column("facts", Json, nullable=False),
    comment="Files of the public accountant that were read: kind acquit, return or unreadable;"
    " outcome taken or refused; the facts count what became of it, or say why it was refused.",
)

piece_states: Final = Table(
    "piece_states",
    metadata,
    Column("slip_id", Text, primary_key=True),
    Column("piece_number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("dated_on", Date, nullable=False),
    Column("state_on", Date, nullable=False),
    Column("reason", Json),
    comment="The latest state of a piece that a return named, and the day (DteStr) of its file:"
    " an older file's state is not published again.",
)

piece_payments: Final = Table(
    "piece_payments",
    metadata,
    Column("slip_id", Text, primary_key=True),
    Column("piece_number", BigInteger, primary_key=True, autoincrement=False),
    Column("listed", Json, nullable=False),
    comment="What the newest returns say of the payments of a piece: of each line the day (DteStr)"
    " of the return, and its payments, each with its day, its cents and how often it is there.",
)

own_events: Final = Table(
    "own_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("budget", Text, nullable=False),
    Column("payment_order", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("facts", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("refusal", Json),
    Index("own_events_by_order", "budget", "payment_order"),
    comment="Events made of returns, each once: its id comes of what happened. `refusal` is what"
    " the ledger answered where it refused one.",
)

findings: Final = Table(
    "findings",
    metadata,
    Column("finding_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("budget", Text),
    Column("slip_id", Text),
    Column("payment_order", Text),
    Column("facts", Json, nullable=False),
    Column("file_name", Text),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("closing_reason", Text),
    Index(
        "findings_open",
        "budget",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    comment="What a person must look at, and what a return says that is no event. The same finding"
    " is opened once: its id comes of what was found.",
)

accounting_entries: Final = Table(
    "accounting_entries",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("item", Integer, primary_key=True, autoincrement=False),
    Column("booked_on", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("debit_cents", Cents, nullable=False),
    Column("credit_cents", Cents, nullable=False),
    *line(),
    Column("convention", Text, nullable=False),
    Column("payment_order", Text),
    Column("recovery", Text),
    Index("accounting_entries_by_day", "budget", "booked_on"),
    comment="Debit and credit lines made of the ledger's records; the id is"
    " `<budget>/<sequence>/<item>`. Role: expense, creditor, treasury, debtor, revenue. Once made"
    " they never change.",
)

booked: Final = Table(
    "booked",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    comment="The last record of each budget's journal of which accounting entries were made.",
)

schedule: Final = Table(
    "schedule",
    metadata,
    Column("times", Text, primary_key=True),
    Column("ran_at", Instant, nullable=False),
    comment="When slips were last made by the schedule of these times, or since when it is set.",
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("number", _number, primary_key=True, autoincrement=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("budget", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Index(
        "outbox_unsent",
        "number",
        sqlite_where=text("sent_at IS NULL"),
        postgresql_where=text("sent_at IS NULL"),
    ),
    comment="CloudEvents to be sent, in order, the budget being the key: written in the transaction"
    " of their cause, sent at least once, with an id by which readers know them again.",
)
