"""A text in one of the languages."""

from events.sentences import Sentence
from services.texts.language import Language


def translate(sentence: Sentence, language: Language) -> str:
    """The text in one language."""
    return sentence.fr if language is Language.FR else sentence.en
