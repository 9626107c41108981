"""The languages of Écluse's users, alone: formats and translation both stand on them."""

from enum import StrEnum


class Language(StrEnum):
    """The languages of Écluse's users."""

    FR = "fr"
    EN = "en"
