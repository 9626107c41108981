"""Histories of events as the conventions that are published of them."""

import asyncio
import io
from collections.abc import Iterable

from services.open_data.config import OpenDataConfig
from services.open_data.conventions import Convention, Scope, conventions_at
from services.open_data.grant_file import row_writer
from services.open_data.publication import row_of
from tests.builders import Json, Scenario
from tests.read_model.filling import fill, rows_of

ENTITY = "21590350100017"
CONFIG = OpenDataConfig.model_validate(
    {"entities": {ENTITY: {"nomAttribuant": "Ville de Lille", "notificationUE": "non"}}}
)


def published(url: str, *events: Json, scope: Scope | None = None) -> list[Convention]:
    """The conventions of an empty read model once these events, and what they led to, are in it."""
    history = Scenario(*events)
    history.deliver()
    fill(url, rows_of(history))
    return conventions_of(url, scope)


def conventions_of(url: str, scope: Scope | None = None) -> list[Convention]:
    return asyncio.run(conventions_at(url, scope or Scope()))


def exported(conventions: Iterable[Convention], config: OpenDataConfig = CONFIG) -> bytes:
    """The file of these conventions."""
    written = io.StringIO(newline="")
    write = row_writer(written)
    for each in conventions:
        row = row_of(each, config)
        assert row is not None, "the settings name the entity"
        write(row)
    return written.getvalue().encode()
