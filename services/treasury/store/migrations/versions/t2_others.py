"""Rights of roles that do not own these tables: the API handles slips and returns in them.

PostgreSQL holds policies of rows against whoever neither owns a table nor is a superuser.
"""

from typing import Final

from alembic import context, op

revision = "t2"
down_revision = "t1"
branch_labels = None
depends_on = None

READ_BY_OTHERS: Final = ("accounting_entries", "booked", "compared", "positions", "schedule")
"""Tables of the treasury's own process."""

OF_OTHERS: Final = (
    "ALTER TABLE {schema}.{table} ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY read_by_others ON {schema}.{table} FOR SELECT USING (true)",
)

ORDERS: Final = """
CREATE POLICY taken_by_others ON {schema}.orders FOR UPDATE USING (true)"""
"""Others put orders on slips, and make none."""

OUTBOX: Final = """
CREATE POLICY made_by_others ON {schema}.outbox FOR INSERT WITH CHECK (
  topic = 'ecluse.events.v1' AND EXISTS (
    SELECT FROM {schema}.own_events AS made
    WHERE made.event_id = message_id AND made.budget = outbox.budget
    AND made.event_type IN (
      'ecluse.payment-order.acknowledged.v1', 'ecluse.payment.executed.v1')
    AND convert_from(value, 'UTF8')::jsonb @> jsonb_build_object(
      'id', message_id, 'source', 'urn:ecluse:treasury', 'type', made.event_type,
      'partitionkey', made.budget,
      'data', jsonb_build_object('budget', made.budget, 'payment_order', made.payment_order)
        || CASE made.event_type WHEN 'ecluse.payment.executed.v1'
          THEN jsonb_build_object(
            'amount_cents', made.facts -> 'amount_cents', 'executed_on', made.facts -> 'on')
          ELSE jsonb_strip_nulls(made.facts - 'piece') END))
  OR topic = 'ecluse.slips.v1' AND EXISTS (
    SELECT FROM {schema}.slips AS made
    WHERE made.budget = outbox.budget
    AND message_id = made.slip_id || '/' || made.state AND made.state IN ('issued', 'cancelled')
    AND convert_from(value, 'UTF8')::jsonb @> jsonb_build_object(
      'id', message_id, 'source', 'urn:ecluse:treasury',
      'type', 'ecluse.slip.' || made.state || '.v1', 'partitionkey', made.budget,
      'data', jsonb_build_object('slip', made.slip_id, 'budget', made.budget,
          'slip_type', made.slip_type, 'number', made.number)
        || CASE made.state WHEN 'issued' THEN jsonb_build_object(
          'amount_cents', made.amount_cents, 'file_name', made.file_name,
          'file_sha256', made.file_sha256,
          'file', replace(encode(made.file, 'base64'), chr(10), ''))
        ELSE '{{}}' END)))"""
"""A message must say what the rows say of which it is made; its owner alone changes one."""


def upgrade() -> None:
    """Make the policies."""
    schema = context.config.attributes["schema"]
    if schema is None:
        return  # A file of SQLite has no roles.
    for table in (*READ_BY_OTHERS, "orders", "outbox"):
        for statement in OF_OTHERS:
            op.execute(statement.format(schema=schema, table=table))
    for policy in (ORDERS, OUTBOX):
        op.execute(policy.format(schema=schema))
