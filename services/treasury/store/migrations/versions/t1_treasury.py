"""The tables of the treasury.

Written out, not taken from `tables`: a migration says what was, whatever the tables become.
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "t1"
down_revision = None
branch_labels = None
depends_on = None

INSTANT: Final = sa.DateTime(timezone=True)
JSON: Final = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
CODE: Final = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    schema = context.config.attributes["schema"]
    for make in (_orders, _slips, _returns, _findings, _entries, _marks):
        make(schema)


def _orders(schema: str | None) -> None:
    """Orders as they were read, and the numbers of slips."""
    op.create_table(
        "positions",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
        schema=schema,
        comment="How far each partition is in these tables; embedded, the journal. Who writes "
        "has raised `epoch`, and whoever finds another has lost the partition.",
    )
    op.create_table(
        "orders",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("payment_order", sa.Text, primary_key=True),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("cancelled", sa.Integer, nullable=False, server_default="0"),
        sa.Column("slip_id", sa.Text),
        sa.Column("cancelling_slip_id", sa.Text),
        sa.Column("traceparent", sa.Text),
        schema=schema,
        comment="Payment orders as the ledger issued them, each once. `message` is the data of "
        "payment-order.issued. `slip_id` is the slip on which it stands, "
        "`cancelling_slip_id` the one (02-02-06) by which it was withdrawn after it was"
        " sent.",
    )
    op.create_index(
        "orders_to_take_back",
        "orders",
        ["budget"],
        schema=schema,
        **_where("cancelled <> 0 AND cancelling_slip_id IS NULL"),
    )
    op.create_index(
        "orders_waiting", "orders", ["budget"], schema=schema, **_where("slip_id IS NULL")
    )
    op.create_table(
        "series",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("series", sa.Text, primary_key=True),
        sa.Column("next_number", sa.BigInteger, nullable=False),
        schema=schema,
        comment="The next number of slips (`slip:01`, `slip:02`) and of pieces (`piece:01`, "
        "`piece:02`) of a budget, and of the ids of its slips (`draft`): its row is "
        "locked while numbers are given.",
    )
    op.create_table(
        "free_numbers",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("series", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        schema=schema,
        comment="Numbers of slips and pieces that are in no slip any more: the next slip takes "
        "them first.",
    )


def _slips(schema: str | None) -> None:
    """Slips and their pieces."""
    op.create_table(
        "slips",
        sa.Column("slip_id", sa.Text, primary_key=True),
        sa.Column("budget", sa.Text, nullable=False),
        sa.Column("slip_type", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("piece_count", sa.Integer, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("cumulative_cents", sa.BigInteger),
        sa.Column("prepared_at", INSTANT, nullable=False),
        sa.Column("prepared_by", sa.Text, nullable=False),
        sa.Column("issued_on", sa.Date),
        sa.Column("issued_at", INSTANT),
        sa.Column("issued_by", sa.Text),
        sa.Column("exported_at", INSTANT),
        sa.Column("exported_by", sa.Text),
        sa.Column("answered_at", INSTANT),
        sa.Column("answer", JSON),
        sa.Column("file_name", sa.Text),
        sa.Column("file", sa.LargeBinary),
        sa.Column("file_sha256", sa.Text),
        schema=schema,
        comment="Slips (bordereaux): type 01 pays, 02 cancels. State: prepared (no number yet),"
        " issued, accepted or refused by the gateway (PES_ACQUIT), cancelled. `file` is"
        " the PES file, gzipped; `answer` what the gateway said, in words.",
    )
    op.create_index("slips_by_budget", "slips", ["budget", "slip_type", "number"], schema=schema)
    op.create_index("slips_by_file", "slips", ["file_name"], schema=schema)
    op.create_index(
        "slips_by_number",
        "slips",
        ["budget", "slip_type", "number"],
        unique=True,
        schema=schema,
        **_where("state <> 'cancelled'"),
    )
    op.create_table(
        "pieces",
        sa.Column("slip_id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("budget", sa.Text, nullable=False),
        sa.Column("payment_order", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("line_cents", JSON, nullable=False),
        schema=schema,
        comment="The payment orders of a slip, each one piece (mandat) with its number once "
        "issued; `line_cents` are the amounts of its lines, in the order of IdLigne "
        "from 1.",
    )
    op.create_index("pieces_by_number", "pieces", ["budget", "number"], schema=schema)
    op.create_index("pieces_by_order", "pieces", ["budget", "payment_order"], schema=schema)


def _returns(schema: str | None) -> None:
    """What returns say."""
    op.create_table(
        "returns",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("dated_on", sa.Date),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        schema=schema,
        comment="Files of the public accountant that were read: kind acquit, return or "
        "unreadable; outcome taken or refused; the facts count what became of it, or "
        "say why it was refused.",
    )
    op.create_table(
        "piece_states",
        sa.Column("slip_id", sa.Text, primary_key=True),
        sa.Column("piece_number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("dated_on", sa.Date, nullable=False),
        sa.Column("state_on", sa.Date, nullable=False),
        sa.Column("reason", JSON),
        schema=schema,
        comment="The latest state of a piece that a return named, and the day (DteStr) of its "
        "file: an older file's state is not published again.",
    )
    op.create_table(
        "piece_payments",
        sa.Column("slip_id", sa.Text, primary_key=True),
        sa.Column("piece_number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("listed", JSON, nullable=False),
        schema=schema,
        comment="What the newest returns say of the payments of a piece: of each line the day "
        "(DteStr) of the return, and its payments, each with its day, its cents and how often "
        "it is there.",
    )
    op.create_table(
        "own_events",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("budget", sa.Text, nullable=False),
        sa.Column("payment_order", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("refusal", JSON),
        schema=schema,
        comment="Events made of returns, each once: its id comes of what happened. `refusal` is"
        " what the ledger answered where it refused one.",
    )
    op.create_index("own_events_by_order", "own_events", ["budget", "payment_order"], schema=schema)


def _findings(schema: str | None) -> None:
    """What a person must look at."""
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("budget", sa.Text),
        sa.Column("slip_id", sa.Text),
        sa.Column("payment_order", sa.Text),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("file_name", sa.Text),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_by", sa.Text),
        sa.Column("closing_reason", sa.Text),
        schema=schema,
        comment="What a person must look at, and what a return says that is no event. The same "
        "finding is opened once: its id comes of what was found.",
    )
    op.create_index(
        "findings_open", "findings", ["budget"], schema=schema, **_where("closed_at IS NULL")
    )
    op.create_table(
        "confirmations",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("payment_order", sa.Text, primary_key=True),
        sa.Column("record", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("confirmed_by", sa.Text, nullable=False),
        schema=schema,
        comment="Who said that an order is to be paid although its beneficiary's account was "
        "replaced, or its convention suspended or terminated. `record` is the last record of the "
        "budget's journal of which they knew.",
    )


def _entries(schema: str | None) -> None:
    """Accounting entries, and what leaves."""
    op.create_table(
        "accounting_entries",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("debit_cents", sa.BigInteger, nullable=False),
        sa.Column("credit_cents", sa.BigInteger, nullable=False),
        sa.Column("chapter", CODE, nullable=False, server_default=""),
        sa.Column("article", CODE, nullable=False, server_default=""),
        sa.Column("function", CODE, nullable=False, server_default=""),
        sa.Column("operation", CODE, nullable=False, server_default=""),
        sa.Column("convention", sa.Text, nullable=False),
        sa.Column("payment_order", sa.Text),
        sa.Column("recovery", sa.Text),
        schema=schema,
        comment="Debit and credit lines made of the ledger's records; the id is "
        "`<budget>/<sequence>/<item>`. Role: expense, creditor, treasury, debtor, "
        "revenue. Once made they never change.",
    )
    op.create_index(
        "accounting_entries_by_day", "accounting_entries", ["budget", "booked_on"], schema=schema
    )
    op.create_table(
        "booked",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        schema=schema,
        comment="The last record of each budget's journal of which accounting entries were made.",
    )
    op.create_table(
        "outbox",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("budget", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        schema=schema,
        comment="CloudEvents to be sent, in order, the budget being the key: written in the "
        "transaction of their cause, sent at least once, with an id by which readers "
        "know them again.",
    )
    op.create_index(
        "outbox_unsent", "outbox", ["number"], schema=schema, **_where("sent_at IS NULL")
    )


def _marks(schema: str | None) -> None:
    """What the treasury's processes note about their own work."""
    op.create_table(
        "compared",
        sa.Column("topic", sa.Text, primary_key=True),
        schema=schema,
        comment="A row for the topic of slips once these tables lack none of what was sent there.",
    )
    op.create_table(
        "schedule",
        sa.Column("times", sa.Text, primary_key=True),
        sa.Column("ran_at", INSTANT, nullable=False),
        schema=schema,
        comment="When slips were last made by the schedule of these times, or since when it is "
        "set.",
    )


def _where(condition: str) -> dict[str, Any]:
    """The rows of an index that does not have all, on both databases."""
    return {f"{name}_where": sa.text(condition) for name in ("sqlite", "postgresql")}
