"""Changes of topics, headers and the API's addresses, planted: what must be found of each."""

from typing import Final

from tests.published.edits import TEXT, Planted, add, both, put, take
from tests.published.released import Use

BALANCES: Final = "ecluse.balances.v1"
ORDERS: Final = "ecluse.payment-orders.v1"
DEAD_LETTERS: Final = "ecluse.dead-letters.v1 headers"
SENT_HEADERS: Final = "ecluse.events.v1 headers"
LINES_ASKED: Final = "GET /balances/lines asked"
PROBLEM: Final = "any problem answered"
LINES_ANSWERED: Final = "GET /balances/lines answered"

LINE: Final = ("components", "schemas", "LineBalance")
SENT, READ, CLIENTS = Use.FROM_SENDERS, Use.BY_READERS, Use.FROM_CLIENTS

TOPICS: Final = [
    Planted(
        "fewer partitions",
        "topics.yaml",
        put(partitions=6),
        (None, "", "partitions was 12, and is 6"),
    ),
    Planted("a topic is gone", ORDERS, take("topics", ORDERS), (None, "", "the topic is gone")),
    Planted(
        "another key",
        ORDERS,
        put("topics", ORDERS, key="order"),
        (None, "", "the key was “budget”, and is “order”"),
    ),
    Planted(
        "compacted",
        ORDERS,
        put("topics", ORDERS, "config", **{"cleanup.policy": "compact"}),
        (None, "", "cleanup.policy was delete, and is compact"),
    ),
    Planted(
        "kept for less",
        ORDERS,
        put("topics", ORDERS, "config", **{"retention.ms": 1}),
        (None, "", "retention.ms was -1, and is 1"),
    ),
    Planted(
        "smaller records",
        ORDERS,
        put("topics", ORDERS, "config", **{"max.message.bytes": 1}),
        (None, "", "max.message.bytes was 16777216, and is 1"),
    ),
    Planted(
        "a bound that there was not",
        BALANCES,
        put("topics", BALANCES, "config", **{"retention.bytes": 2**30}),
        (None, "", "retention.bytes was not set, and is 1073741824"),
    ),
]
OF_HEADERS: Final = [
    Planted(
        "another name of a header",
        DEAD_LETTERS,
        both(put("properties", ecluse_dlq_code=TEXT), take("properties", "ecluse_dlq_reason")),
        (READ, "/ecluse_dlq_reason", "it is not written any more"),
    ),
    Planted(
        "a header that was read",
        SENT_HEADERS,
        take("properties", "ce_traceparent"),
        (SENT, "/ce_traceparent", "it is not read any more"),
    ),
]
API: Final = [
    Planted(
        "a parameter that is required",
        LINES_ASKED,
        add("required", item="query budget"),
        (CLIENTS, "/query budget", "it is required now"),
    ),
    Planted(
        "a parameter is gone",
        LINES_ASKED,
        take("properties", "query known_at"),
        (CLIENTS, "/query known_at", "it is not read any more"),
    ),
    Planted(
        "shorter pages",
        LINES_ASKED,
        put("properties", "query limit", maximum=10),
        (CLIENTS, "/query limit", "the largest number was 1000, and is 10"),
    ),
    Planted(
        "a media type is gone",
        LINES_ANSWERED,
        put(properties={}, required=[]),
        (READ, "/200 application~1json", "it is not written any more"),
    ),
    Planted(
        "a figure is gone",
        LINES_ANSWERED,
        both(take(*LINE, "properties", "paid_cents"), take(*LINE, "required", "paid_cents")),
        (READ, "/200 application~1json/items/*/paid_cents", "it is not written any more"),
    ),
    Planted(
        "a figure may be unknown",
        LINES_ANSWERED,
        put(*LINE, "properties", "paid_cents", type=["integer", "null"]),
        (READ, "/200 application~1json/items/*/paid_cents", "null is new"),
    ),
    Planted(
        "a member of problems is gone",
        PROBLEM,
        both(take("properties", "advice"), take("required", "advice")),
        (READ, "/advice", "it is not written any more"),
    ),
]
