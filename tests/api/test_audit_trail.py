"""The audit trail, which nobody may change or erase: no line holds an account whole."""

import re

import pytest

from services.api.access.audit import Action
from services.api.access.store import AccessStore
from tests.api.environment import HandClock
from tests.api.test_access import address, clock, with_store
from tests.builders import IBAN

__all__ = ["address", "clock"]


@pytest.mark.parametrize("action", Action)
def test_no_line_of_the_audit_trail_holds_an_account_whole(
    address: str, clock: HandClock, action: Action
) -> None:
    groups = [IBAN[at : at + 4] for at in range(0, len(IBAN), 4)]
    spelled = [IBAN, " ".join(groups), "-".join(groups), IBAN.lower(), IBAN[4:], f"{IBAN}.xml"]
    facts = {"why": f"voir {spelled[1]}", "changes": [{"account": each} for each in spelled]}

    async def what(store: AccessStore) -> None:
        for each in spelled:
            await store.write("key:1", action, f"retour {each}", {**facts, "file": each})
        for line in await store.audit_lines(10):
            said = re.sub("[^0-9A-Z]", "", f"{line.subject} {line.facts}".upper())
            assert IBAN[8:-4] not in said
            assert IBAN[-4:] in said, "who looks for it finds it"

    with_store(address, clock, what)
