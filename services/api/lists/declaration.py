"""A list as data: what is asked, what a row shows, and how it is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from events.texts import Translatable
from services.api.files.list_file import FILTERS, AnyColumn, ListTable
from services.api.http.question import ListFilters
from services.api.lists.query import Query


@dataclass(frozen=True, eq=False, kw_only=True)
class ListDeclaration:
    """A list, of which the API's route, the files and the page are made (`routes`, `page`)."""

    name: str
    """The last part of its address, and the name of its files."""
    title: Translatable
    summary: str
    """Its line in the OpenAPI document."""
    description: str
    rows: Query[Any]
    filters: type[ListFilters]
    key: Mapping[str, Any]
    """The members of a row by which it is found again, as a cursor names it, with their types."""
    columns: Sequence[AnyColumn]
    """What a row shows, in a file all of it."""
    values: Mapping[str, Mapping[str, Translatable]] = field(default_factory=dict)
    """Of filters that choose between values, the names of these."""
    filter_names: Mapping[str, Translatable] = field(default_factory=dict)
    """Names of filters that are this list's own; others have theirs in `FILTERS`."""

    @property
    def path(self) -> str:
        """The address of the list in the API."""
        return f"/{self.name}"

    def name_filter(self, name: str) -> Translatable:
        """The name of a filter for people."""
        return self.filter_names.get(name) or FILTERS[name]

    @property
    def table(self) -> ListTable:
        """The list as a table in a file."""
        return ListTable(self.title, self.columns, self.values, self.filter_names)
