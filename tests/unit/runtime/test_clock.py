"""Times of others, as RFC 3339 lets them be written."""

from datetime import UTC, datetime

import pytest

from services.runtime.ops.clock import seconds_of

THEN_S = datetime(2023, 6, 1, 10, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2023-06-01T12:00:00+02:00", THEN_S),
        ("2023-06-01T10:00:00Z", THEN_S),
        ("2023-06-01T10:00:00.5Z", THEN_S + 0.5),
        ("2023-06-01t10:00:00.5z", THEN_S + 0.5),
        ("2023-06-01T10:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_without_offset_is_none(time: str | None, seconds: float | None) -> None:
    assert seconds == seconds_of(time)
