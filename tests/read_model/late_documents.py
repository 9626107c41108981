"""Documents that are late: some come and are late again, some are owed by nobody any more."""

from typing import Final

from tests.builders import (
    Json,
    a_convention,
    a_deadline,
    a_rejected_report,
    a_report,
    a_vote,
    an_award,
    an_instalment,
)

OWED = [
    {"kind": kind, "year": 2023, "due_on": "2024-06-30"}
    for kind in ("activity_report", "financial_report")
]
UNPAID = [an_instalment(trigger="notification")]
LATE_AGAIN: Final[list[Json | bytes]] = [
    a_vote(),
    an_award(),
    a_convention(obligations=OWED, instalments=UNPAID),
    a_deadline("report_due", due_on="2024-06-30"),  # 4: both are late
    a_report(year=2023),
    a_rejected_report(year=2023),
    a_deadline("report_due", due_on="2024-06-30", _id="further"),  # 7: one is late again
]
