"""The languages of Écluse's users."""

from enum import StrEnum


class Language(StrEnum):
    """The languages of Écluse's users."""

    FR = "fr"
    EN = "en"
