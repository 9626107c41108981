"""Names of the codes of a budget: the M57 nomenclature, and a city's own by its file of names.

Chapters, articles and functions have official names, which are French. Entities, budgets and
operations are a city's own; it may name functions otherwise too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from events.texts import fold_text
from services.runtime import strict_yaml

M57: Final = Path(__file__).parent / "m57.yaml"
BETWEEN: Final = " · "
NAME_MAX, CODE_MAX = 200, 50

Title = Annotated[
    str, StringConstraints(min_length=1, max_length=NAME_MAX, pattern=r"^[^\x00-\x1f]+$")
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=CODE_MAX)]
Siret = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")]

ADVICE: Final = {
    "string_type": "a code or a name is text: put it in quotes",
    "string_pattern_mismatch": "an entity is its SIRET of 14 digits; a name stands on one line",
    "extra_forbidden": "it is not known: an entity has name, budgets, functions, operations",
    "missing": "it is missing",
}
"""What to do about a fault, by pydantic's type of error; others are said by pydantic."""


class Line(Protocol):
    """The codes of a budget line that have names beside its chapter's."""

    @property
    def article(self) -> str: ...
    @property
    def function(self) -> str | None: ...
    @property
    def operation(self) -> str | None: ...


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Entity(_Strict):
    """An entity's name, and its own names of codes."""

    name: Title
    budgets: Mapping[Code, Title] = {}
    functions: Mapping[Code, Title] = {}
    operations: Mapping[Code, Title] = {}


class _City(_Strict):
    entities: Mapping[Siret, Entity]


class _Nomenclature(_Strict):
    chapters: Mapping[Code, Title]
    articles: Mapping[Code, Title]
    functions: Mapping[Code, Title]


@cache
def _m57() -> _Nomenclature:
    return _Nomenclature.model_validate(strict_yaml.read(M57.read_text(encoding="utf-8")).value)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of codes; None of a code that nobody has named."""

    entities: Mapping[str, Entity] = field(default_factory=dict)
    """The city's own, by SIRET."""

    def entity(self, siret: str) -> str | None:
        """An entity: `Lille`."""
        found = self.entities.get(siret)
        return None if found is None else found.name

    def budget(self, siret: str, code: str) -> str | None:
        """A budget of an entity, by its code."""
        return self._own(siret, "budgets", code)

    def entity_of(self, budget: str) -> str | None:
        """The entity of a budget, by the budget's id."""
        return self.entity(_siret(budget))

    def budget_name(self, budget: str) -> str | None:
        """A budget, by its id."""
        siret, code, _year = budget.split("-")
        return self.budget(siret, code)

    def code_name(self, budget: str, kind: str, code: str | None) -> str | None:
        """A code of a line in a budget; `kind` is chapter, article, function or operation."""
        if code is None:
            return None
        if kind == "operation":
            return self._own(_siret(budget), "operations", code)
        if kind == "function":
            return self._own(_siret(budget), "functions", code) or _m57().functions.get(code)
        return (_m57().chapters if kind == "chapter" else _m57().articles).get(code)

    def find_operations(self, parts: Sequence[str]) -> list[tuple[str, str]]:
        """Entity and code of each operation of whose name every one of these begins a word.

        The parts are folded (`fold_text`), as the names are here.
        """
        return [
            (siret, code)
            for siret, entity in self.entities.items()
            for code, name in entity.operations.items()
            if all(f" {part}" in f" {fold_text(name)}" for part in parts)
        ]

    def line_name(self, budget: str, line: Line) -> str:
        """`Autres personnes de droit privé · …`: article, function and operation, where named."""
        codes = {"article": line.article, "function": line.function, "operation": line.operation}
        found = (self.code_name(budget, kind, code) for kind, code in codes.items())
        return BETWEEN.join(filter(None, found))

    def _own(self, siret: str, kind: str, code: str) -> str | None:
        found = self.entities.get(siret)
        own: Mapping[str, str] = {} if found is None else getattr(found, kind)
        return own.get(code)


def join_name(code: str, name: str | None) -> str:
    """`489 – Mission locale`; the code alone where nobody has named it."""
    return code if name is None else f"{code} – {name}"


def _siret(budget: str) -> str:
    """The entity of a budget, whose id begins with it."""
    return budget.partition("-")[0]


OFFICIAL: Final = Names()
"""The names of the nomenclature alone."""


def city_names(text: str) -> Names:
    """The names in a city's file, which is YAML.

    Raises:
        ValueError: it is not as it must be; the message says where, and what to do.
    """
    try:
        return Names(_City.model_validate(strict_yaml.read(text).value).entities)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(each) for each in first["loc"] if each != "[key]")
        advice = ADVICE.get(first["type"], first["msg"])
        raise ValueError(f"{where or 'the file'}: {advice}") from error
