"""Rule 33: now and then everything is checked, what no record touched for a long time too."""

import pytest

from services.ledger.application import handle
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.ledger.domain.model.lines import line_from_row
from tests.builders import Scenario, a_line, a_vote, an_amount, an_award, encoded

ELSEWHERE = a_line(chapter="67")
VOTE = a_vote(appropriations=[an_amount(1_000), an_amount(500, line=ELSEWHERE)])


def sequences_with_a_wrong_row(records: int) -> list[int]:
    """The sequences of as many records: behind the first a cent is gone that no other moves."""
    history = Scenario(VOTE)
    history.book.lines[line_from_row(ELSEWHERE)].available -= 1
    sequences = [history.last.sequence]
    for number in range(1, records):
        award = RawRecord(encoded(an_award(10, grant=f"G{number}")), Source("test", 0, number))
        sequences += [record.sequence for record in history.ledger.handle(award)]
    return sequences


def test_rule_33_a_wrong_row_that_no_record_touches_is_found_by_the_full_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handle, "FULL_CHECK_RECORDS", 3)
    assert [1, 2] == sequences_with_a_wrong_row(2), "what the second record moved is right"
    with pytest.raises(AssertionError, match=r"line .*67.* does not balance"):
        sequences_with_a_wrong_row(3)


def test_rule_33_before_the_full_check_is_due_nothing_is_reported() -> None:
    assert 10_000 == handle.FULL_CHECK_RECORDS
    assert [1, 2, 3, 4] == sequences_with_a_wrong_row(4)
