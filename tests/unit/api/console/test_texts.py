"""Texts of the pages: each table has a text for every code, and no text is unused."""

import re
from pathlib import Path
from typing import get_args

from events.deliberations import DeliberationWithdrawn
from events.texts import Translatable
from services.api import console
from services.api.console.texts import codes, grants, lag_page, orders, troubles
from services.api.rejections.view import KINDS
from services.ledger.domain.grants import ConventionState
from services.ledger.domain.moves import EntryKind
from services.ledger.domain.orders import OrderState
from services.ledger.explain import terms
from services.texts.language import Language
from services.texts.translation import translate

API = Path(console.__file__).parents[1]
TEXTS = {
    f"{page}.{name}": text
    for page, table in (
        ("grants", grants.TEXTS),
        ("lag", lag_page.TEXTS),
        ("orders", orders.TEXTS),
        ("troubles", troubles.TEXTS),
    )
    for name, text in table.items()
}


def named_in_code() -> set[str]:
    """What views take from the tables by name; some names are put together there."""
    text = "".join(
        each.read_text(encoding="utf-8")
        for each in API.rglob("*.py")
        if each.parent.name != "texts"
    )
    lists = {f"{kind}_lead" for kind in KINDS} | {f"no_{kind}" for kind in KINDS}
    return lists | set(re.findall(r"""["']([a-z0-9_]+)["']""", text))


def test_no_text_stands_unused() -> None:
    named = named_in_code()
    assert [] == sorted(name for name in TEXTS if name.partition(".")[2] not in named)


def test_french_keeps_its_marks_on_the_line() -> None:
    french = {name: translate(phrase, Language.FR) for name, phrase in TEXTS.items()}
    assert [] == [name for name, text in french.items() if re.search(r"\w [:;!?]", text)]


def test_codes_of_the_ledger_have_their_texts() -> None:
    assert set(terms.ORDER_STATES) == {each.value for each in OrderState}
    assert set(terms.ENTRY_KINDS) == {each.value for each in EntryKind}
    assert {each.value for each in ConventionState} <= set(codes.CONVENTION_STATES)
    assert all(isinstance(each, Translatable) for each in codes.STAGES.values())


def test_every_cause_of_a_withdrawal_has_its_texts() -> None:
    phrase = DeliberationWithdrawn.model_fields["cause"].annotation
    assert set(get_args(phrase)) == codes.WITHDRAWAL_CAUSES.keys()
