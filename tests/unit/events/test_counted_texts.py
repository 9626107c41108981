"""A message for one thing and for several, as each language counts."""

import pytest

from events.texts import CountedText, ngettext
from services.cli.terminal.texts import OUTCOMES
from services.texts.language import Language
from services.texts.translation import translate


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "0 accepté", "0 accepted"),
        (1, "1 accepté", "1 accepted"),
        (2, "2 acceptés", "2 accepted"),
        (1_234, "1\u202f234 acceptés", "1,234 accepted"),
    ],
)
def test_none_is_one_in_french_and_many_in_english(count: int, french: str, english: str) -> None:
    counted = OUTCOMES["accepted"]
    assert isinstance(counted, CountedText)
    text = counted.render(count)
    assert (french, english) == (translate(text, Language.FR), translate(text, Language.EN))


def test_a_message_keeps_its_other_facts() -> None:
    text = ngettext("{count} file of {owner}", "{count} files of {owner}").render(2, owner="Lomme")
    assert "2 files of Lomme" == translate(text, Language.EN)
