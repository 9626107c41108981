"""All bad input: what the codec, the schemas and the sentences are shown, row by row."""

from tests.unit.tables.bad_closings import CLOSINGS
from tests.unit.tables.bad_data import (
    ACTS_AND_SCHEDULES,
    AMOUNTS,
    DAYS,
    FIRST_OF_SEVERAL,
    LISTS,
    PERSONS_AND_BANKS,
    UNKNOWN_FIELDS,
    without_each_field,
)
from tests.unit.tables.bad_records import (
    BYTES,
    CONTROL_CHARACTERS,
    ENVELOPE,
    NULL_CHARACTERS,
    PARTITION_KEYS,
    UNPRINTED_TEXTS,
    Bad,
)
from tests.unit.tables.bad_turns import TURNS

BAD_INPUT: list[Bad] = [
    *BYTES,
    *NULL_CHARACTERS,
    *CONTROL_CHARACTERS,
    *UNPRINTED_TEXTS,
    *ENVELOPE,
    *PARTITION_KEYS,
    *without_each_field(),
    *UNKNOWN_FIELDS,
    *AMOUNTS,
    *DAYS,
    *PERSONS_AND_BANKS,
    *LISTS,
    *ACTS_AND_SCHEDULES,
    *TURNS,
    *FIRST_OF_SEVERAL,
    *CLOSINGS,
]
