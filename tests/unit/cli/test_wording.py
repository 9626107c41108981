"""The words of the command: which language, and a word in both for everything there is."""

import pytest

from events.texts import CountedText, Translatable, _
from services.cli.terminal import texts
from services.cli.terminal.options import language_of_the_system
from services.ledger.domain.journal import Outcome
from services.ledger.domain.model.lines import Stage
from services.ledger.domain.model.moves import EntryKind
from services.ledger.domain.model.orders import OrderState
from services.ledger.explain import sentences
from services.texts.formats import day, euros
from services.texts.language import Language
from services.texts.translation import Sentence, both, translate

VARIABLES = ("ECLUSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "FR"}, "fr"),
        ({"LC_MESSAGES": "fr_FR", "LANG": "en_GB"}, "fr"),
        ({"LC_ALL": "en_GB", "LC_MESSAGES": "fr_FR", "LANG": "fr_FR"}, "en"),
        ({"ECLUSE_LANG": "fr", "LC_ALL": "en_GB"}, "fr"),
        ({"ECLUSE_LANG": "en", "LC_ALL": "fr_FR"}, "en"),
        ({"ECLUSE_LANG": "", "LC_ALL": "fr_FR"}, "fr"),
    ],
)
def test_the_language_is_the_first_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language == language_of_the_system()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (texts.OUTCOME, Outcome),
        (texts.OUTCOMES, Outcome),
        (sentences.ORDER_STATES, OrderState),
        (sentences.ENTRY_KINDS, EntryKind),
    ],
)
def test_everything_has_its_word(
    words: dict[str, Translatable | CountedText], names: type[Outcome]
) -> None:
    assert set(names) == set(words)


def test_a_sentence_is_printed_in_the_language_asked_for() -> None:
    sentence = _("paid")
    assert ("payé", "paid") == (translate(sentence, Language.FR), translate(sentence, Language.EN))


@pytest.mark.parametrize(
    ("amount_cents", "french", "english"),
    [
        (0, "0,00\u00a0€", "€0.00"),
        (5, "0,05\u00a0€", "€0.05"),
        (135560000, "1\u202f355\u202f600,00\u00a0€", "€1,355,600.00"),
        (-5, "−0,05\u00a0€", "−€0.05"),
        (-123456, "−1\u202f234,56\u00a0€", "−€1,234.56"),
        (2**53 - 1, "90\u202f071\u202f992\u202f547\u202f409,91\u00a0€", "€90,071,992,547,409.91"),
    ],
)
def test_amounts_are_written_as_people_write_them(
    amount_cents: int, french: str, english: str
) -> None:
    assert french == euros(amount_cents, Language.FR)
    assert english == euros(amount_cents, Language.EN)


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "0 événement lu", "0 events read"),
        (1, "1 événement lu", "1 event read"),
        (2, "2 événements lus", "2 events read"),
        (29950, "29\u202f950 événements lus", "29,950 events read"),
    ],
)
def test_one_and_many_are_distinguished(count: int, french: str, english: str) -> None:
    assert Sentence(french, english) == both(texts.READ.render(count))


def test_a_day_is_written_as_people_write_it() -> None:
    assert "14/07/2023" == day("2023-07-14", Language.FR)
    assert "2023-07-14" == day("2023-07-14", Language.EN)


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_has_its_word(stage: Stage) -> None:
    assert stage in texts.COLUMNS
