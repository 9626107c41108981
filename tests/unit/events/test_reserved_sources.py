"""Sources of events that are Écluse's own."""

import pytest

from events.envelope import is_reserved


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("urn:ecluse:ledger", True),
        ("urn:ecluse:treasury", True),
        ("urn:ecluse:whatever-comes", True),
        ("URN:ECLUSE:treasury", True),
        ("urn:Ecluse:ledger", True),
        ("URN:ecluse:command", True),
        ("urn:ecluse:command", False),
        ("urn:eclusee:ledger", False),
        ("urn:lille:finances", False),
    ],
)
def test_a_source_of_a_service_is_reserved_and_that_of_the_command_is_not(
    source: str, expected: bool
) -> None:
    assert expected is is_reserved(source)
