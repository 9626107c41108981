"""Defects around a journal: its sources, and the topics that leave."""

import re

from events.topics import (
    BALANCES,
    COMMITMENT_ENTRIES,
    DEAD_LETTERS,
    EVENTS,
    INTERNAL_EVENTS,
    JOURNAL,
    PAYMENT_ORDERS,
    REFUSALS,
)
from tests.verifier.planting import (
    Planted,
    altered,
    beside,
    elsewhere,
    lost,
    never_read,
    older_balance_last,
    other_reason,
    placed_twice,
    purged,
    readable_dead_letter,
    removed_balance,
    replaced,
    respelled_key,
    rewritten,
    source_swapped,
    swap,
    twice,
    under_a_new_id,
)

SOURCES = [
    Planted("a source record is lost", never_read, "not_journalled"),
    Planted(
        "a source record waits to be read",
        lambda cluster: cluster.put(EVENTS, 0, b"k", b"{}"),
        "not_yet_journalled",
    ),
    Planted("a journal record comes from nowhere", lost(EVENTS, 9), "no_such_source"),
    Planted("a source says something else", replaced(EVENTS, 9, value=b"{}"), "source_differs"),
    Planted("a source has another key", replaced(EVENTS, 9, key=b"k"), "source_differs"),
    Planted("sources were read in another order", source_swapped, "journalled_out_of_order"),
    Planted(
        "a readable event is a dead letter", readable_dead_letter, "dead_letter_though_readable"
    ),
]

TIME = re.compile(rb'"time":"([^"]*?)(Z|[+-]\d\d:\d\d)"')

NOT_STRICT = [
    ("has its data twice", lambda raw: raw.replace(b'"data":{', b'"data":{"x":1},"data":{')),
    ("has its budget twice", lambda raw: raw.replace(b'"budget":', b'"budget":"x","budget":')),
    ("has a time without offset", lambda raw: TIME.sub(rb'"time":"\1"', raw)),
    ("has a time of another format", lambda raw: TIME.sub(rb'"time":"2023-W01-1T00Z"', raw)),
    ("has half a character in its id", lambda raw: raw.replace(b'"id":"', b'"id":"\\ud800')),
    ("is in UTF-16", lambda raw: raw.decode().encode("utf-16")),
    ("is too deep", lambda raw: raw[:-1] + b',"x":' + b"[" * 99 + b"]" * 99 + b"}"),
]

PUBLISHED = (COMMITMENT_ENTRIES, PAYMENT_ORDERS, BALANCES, REFUSALS, DEAD_LETTERS)

PURGED = [
    Planted(
        "the journal is purged, and all that was published",
        purged(JOURNAL, *PUBLISHED),
        "topic_truncated not_yet_journalled",
    ),
    Planted(
        "everything is purged",
        purged(EVENTS, INTERNAL_EVENTS, JOURNAL, *PUBLISHED),
        "topic_truncated",
    ),
    Planted("the payment orders are purged", purged(PAYMENT_ORDERS), "topic_truncated"),
    Planted("the entries are purged", purged(COMMITMENT_ENTRIES), "topic_truncated"),
]

MESSAGES = [
    Planted("a dead letter is missing", lost(DEAD_LETTERS), "message_missing"),
    Planted("a dead letter is there twice", lambda w: twice(w, DEAD_LETTERS), "message_twice"),
    Planted(
        "a dead letter lost its bytes",
        replaced(DEAD_LETTERS, value=b"?"),
        "message_differs",
        "dead_letter_though_readable",
    ),
    Planted("a dead letter lost its key", replaced(DEAD_LETTERS, key=b"?"), "message_differs"),
    Planted("a dead letter gives another reason", other_reason, "message_differs"),
    Planted(
        "a dead letter has no reason",
        replaced(DEAD_LETTERS, headers=()),
        "message_malformed message_missing",
    ),
    *(
        Planted(
            f"a dead letter says where it stood by {name} too",
            placed_twice(name),
            "message_malformed message_missing",
        )
        for name in ("ecluse_dlq_topic", "topic")
    ),
    Planted("dead letters changed places", lambda w: swap(w, DEAD_LETTERS), "message_out_of_order"),
    Planted("an entry is not published", lost(COMMITMENT_ENTRIES), "message_missing"),
    Planted("an entry is published twice", lambda w: twice(w, COMMITMENT_ENTRIES), "message_twice"),
    Planted("an order is not published", lost(PAYMENT_ORDERS), "message_missing"),
    Planted("an order is published twice", lambda w: twice(w, PAYMENT_ORDERS), "message_twice"),
    Planted("an order is published again under a new id", under_a_new_id, "message_twice"),
    Planted(
        "an order is published that was never issued",
        altered(PAYMENT_ORDERS, "data", "payment_order", value="C/other"),
        "message_missing message_unexpected",
    ),
    Planted(
        "an order is published with another amount",
        altered(PAYMENT_ORDERS, "data", "amount_cents", value=1),
        "message_differs",
    ),
    Planted(
        "an order is published on another partition",
        lambda w: elsewhere(w, PAYMENT_ORDERS),
        "message_missing message_unexpected",
    ),
    Planted("orders changed places", lambda w: swap(w, PAYMENT_ORDERS), "message_out_of_order"),
    Planted(
        "a message has another cause",
        altered(PAYMENT_ORDERS, "causationid", value="x"),
        "message_differs",
    ),
    *(
        Planted(
            f"a message has another {name}, the right one stands in its data",
            beside(PAYMENT_ORDERS, (name,), value),
            "message_differs",
        )
        for name, value in (
            ("time", "1999-01-01T00:00:00Z"),
            ("source", "urn:other"),
            ("causationid", "x"),
        )
    ),
    Planted(
        "an order carries a balance",
        altered(PAYMENT_ORDERS, "data", "balance", value={"amount_cents": 5}),
        "message_differs",
    ),
    Planted(
        "an order carries a sentence",
        altered(PAYMENT_ORDERS, "data", "message", value={"fr": "x", "en": "x"}),
        "message_differs",
    ),
    Planted(
        "a message has a member of its own",
        altered(PAYMENT_ORDERS, "subject", value="x"),
        "message_differs",
    ),
    Planted(
        "a message has a member of its own that says nothing",
        altered(PAYMENT_ORDERS, "data", "other", value=None),
        "message_differs",
    ),
    Planted(
        "an amount is no integer",
        altered(PAYMENT_ORDERS, "data", "paid_cents", value=False),
        "message_differs",
    ),
    *(
        Planted(
            f"a message {says}",
            rewritten(PAYMENT_ORDERS, change),
            "message_malformed message_missing",
        )
        for says, change in NOT_STRICT
    ),
    Planted("a message has another key", replaced(PAYMENT_ORDERS, key=b"k"), "key_differs"),
    Planted(
        "a message is no CloudEvent",
        replaced(PAYMENT_ORDERS, headers=()),
        "message_malformed message_missing",
    ),
    Planted(
        "a message is of another topic",
        altered(PAYMENT_ORDERS, "type", value="x"),
        "message_malformed message_missing",
    ),
    Planted("a refusal is not published", lost(REFUSALS), "message_missing"),
    Planted(
        "a refusal says nothing to people",
        altered(REFUSALS, "data", "message", value={}),
        "message_malformed",
    ),
    Planted(
        "a refusal says more than its sentences to people",
        altered(REFUSALS, "data", "message", "other", value="x"),
        "message_malformed",
    ),
]

BALANCED = [
    Planted(
        "a balance is wrong",
        altered(BALANCES, "data", "balance", "paid_cents", value=1),
        "balance_differs",
    ),
    Planted(
        "a balance is wrong, the right one stands beside it",
        beside(BALANCES, ("data", "balance", "available_cents"), 1),
        "balance_differs",
    ),
    Planted(
        "a balance carries a sentence",
        altered(BALANCES, "data", "message", value={"fr": "x", "en": "x"}),
        "balance_differs",
    ),
    *(
        Planted(
            f"a balance {says}", rewritten(BALANCES, change), "message_malformed", "balance_missing"
        )
        for says, change in NOT_STRICT
    ),
    Planted("the last balance is missing", lost(BALANCES, -1), "balance_missing"),
    Planted(
        "an older balance is the last",
        older_balance_last,
        "message_out_of_order message_twice balance_missing",
    ),
    Planted(
        "a balance is removed that stands", removed_balance, "balance_missing message_unexpected"
    ),
    Planted(
        "a balance names a record that moved nothing",
        altered(BALANCES, "data", "sequence", value=8),
        "message_unexpected",
        "message_out_of_order",
    ),
    Planted(
        "a balance names no record",
        altered(BALANCES, "data", "sequence", value=999, at=-1),
        "message_unexpected balance_missing",
    ),
    Planted(
        "a balance has another key",
        replaced(BALANCES, key=b'["b","65","1",null,null]'),
        "key_differs message_unexpected",
    ),
    Planted(
        "a balance has its key in another spelling",
        respelled_key,
        "message_malformed",
        "balance_missing",
    ),
    *(
        Planted(
            f"a balance has a key that is {says}", replaced(BALANCES, key=key), "message_malformed"
        )
        for says, key in (
            ("none", None),
            ("of no balance", b"[]"),
            ("no JSON", b'["b","65","1",null,NaN]'),
            ("no text", b'["b","65","\\ud800",null,null]'),
            ("too deep", b"[" * 99_999),
        )
    ),
]
