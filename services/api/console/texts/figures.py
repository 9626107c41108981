"""Texts of the page of a figure."""

from typing import Final

from events.texts import ngettext

MOVES: Final = ngettext("{count} move", "{count} moves")
