"""The words of the pages: what a template asks for is there, and what is there is asked for."""

import re
from pathlib import Path
from typing import get_args

from events.deliberations import DeliberationWithdrawn
from events.envelope import INBOUND
from events.sentences import Sentence
from services.api.console import pages
from services.api.console.texts import TEXTS, codes
from services.api.rejections.view import KINDS
from services.ledger.domain.grants import ConventionState
from services.ledger.domain.moves import EntryKind
from services.ledger.domain.orders import OrderState
from services.ledger.explain import terms

ASKED = re.compile(r"""say\(["']([a-z]+\.[a-z0-9_]+)["']""")
FOLDER = Path(pages.__file__).parent


def asked_by_templates() -> set[str]:
    return {
        name
        for template in (FOLDER / "templates").glob("*.html")
        for name in ASKED.findall(template.read_text(encoding="utf-8"))
    }


def named_in_code() -> set[str]:
    """What views and addresses take from the words by name; some names are put together there."""
    text = "".join(
        each.read_text(encoding="utf-8")
        for each in FOLDER.rglob("*.py")
        if each.parent.name != "words"
    )
    lists = {f"{kind}_lead" for kind in KINDS} | {f"no_{kind}" for kind in KINDS}
    return lists | set(re.findall(r"""["']([a-z0-9_]+)["']""", text))


def test_templates_ask_for_texts_that_are_there() -> None:
    assert set() == asked_by_templates() - TEXTS.keys()


def test_no_text_stands_unused() -> None:
    asked, named = asked_by_templates(), named_in_code()
    # The stages are asked for by the codes of the ledger.
    unused = [
        name
        for name in TEXTS.keys() - asked
        if name.partition(".")[2] not in named and not name.startswith("stage.")
    ]
    assert [] == sorted(unused)


def test_french_keeps_its_marks_on_the_line() -> None:
    loose = [name for name, phrase in TEXTS.items() if re.search(r"\w [:;!?]", phrase.fr)]
    assert [] == loose


def test_every_text_is_shown_in_both_languages() -> None:
    assert [] == [name for name, phrase in TEXTS.items() if not (phrase.fr and phrase.en)]


def test_codes_of_the_ledger_have_their_texts() -> None:
    assert set(terms.ORDER_STATES) == {each.value for each in OrderState}
    assert set(terms.ENTRY_KINDS) == {each.value for each in EntryKind}
    assert {each.value for each in ConventionState} <= set(codes.CONVENTION_STATES)
    types = {each.TYPE.removeprefix("ecluse.").removesuffix(".v1") for each in INBOUND}
    assert types <= set(codes.TYPES)
    assert all(isinstance(each, Sentence) for each in codes.STAGES.values())


def test_every_cause_of_a_withdrawal_has_its_texts() -> None:
    phrase = DeliberationWithdrawn.model_fields["cause"].annotation
    assert set(get_args(phrase)) == codes.WITHDRAWAL_CAUSES.keys()
