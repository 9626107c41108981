"""The filters that all declared lists have: by budget, entity, beneficiary and words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnElement, false, or_

from services.api.http.question import BudgetId, ListFilters, Name, Siret
from services.api.queries.lists import matches_all, patterns_of
from services.api.queries.rows import is_of_entity


class DeclaredFilters(ListFilters):
    """Filters of a declared list; its own come behind these."""

    budget: BudgetId | None = None
    entity: Siret | None = Field(None, description="Of all budgets of this entity.")
    siret: Siret | None = Field(None, description="Of this beneficiary.")
    search: Name | None = Field(
        None,
        description="Each part begins one of a row's number or name, or of the reference, title, "
        "beneficiary or SIRET of its grant; case and accents do not count.",
    )
    sort: str

    def arguments(self, today: date) -> dict[str, Any]:
        """The filters as arguments of the list's query, and the day of the question."""
        return {"filters": self, "today": today}

    def conditions(
        self, budget: ColumnElement[Any], siret: ColumnElement[Any], *folded: ColumnElement[Any]
    ) -> Iterator[ColumnElement[bool]]:
        """Conditions on the columns of a list; words are looked for in the `folded` ones."""
        if self.budget is not None:
            yield budget == self.budget
        if self.entity is not None:
            yield is_of_entity(budget, self.entity)
        if self.siret is not None:
            yield siret == self.siret
        if self.search is not None:
            patterns = patterns_of(self.search)
            if not patterns:
                yield false()
            for each in patterns:
                yield or_(*(match for column in folded for match in matches_all(column, [each])))
