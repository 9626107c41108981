"""YAML read strictly: a key stands once in its mapping, and every value knows its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from events.texts import Translatable, _, verbatim
from services.texts.language import Language
from services.texts.translation import translate

Path = tuple[str, ...]
"""The keys that lead to a value; an item of a list has its index."""

KEY_TWICE: Final = _("the key {key} stands twice")
NO_KEY: Final = _("a key must be a text")
NO_ALIAS: Final = _("write the value out: a reference to another place is not taken")
NOT_YAML: Final = _("it is not YAML: {error}")


class YamlFault(ValueError):
    """A text that is not YAML, or not strict; `line` is counted from 1, None where nobody knows."""

    def __init__(self, text: Translatable, line: int | None) -> None:
        self.text = text
        self.line = line
        where = "" if line is None else f"line {line}: "
        super().__init__(f"{where}{translate(text, Language.EN)}")


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document: what it says, and where."""

    value: Any
    lines: Mapping[Path, int]

    def line_of(self, path: Iterable[object]) -> int:
        """The line of a key or an item; of one that is missing, that of the nearest around it."""
        steps = tuple(map(str, path))
        while steps not in self.lines:
            steps = steps[:-1]
        return self.lines[steps]


def read(text: str) -> Document:
    """One document; of tags only those of plain data are known.

    Raises:
        YamlFault: it is not YAML, has a key twice, or refers to another place of itself.
    """
    lines: dict[Path, int] = {(): 1}
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return Document(None, lines)
        _note_lines(root, (), lines)
        return Document(loader.construct_document(root), lines)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise YamlFault(verbatim(error.problem or "it is not YAML"), line) from error
    except YamlFault:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Also a day that is none, and what is nested too deeply: the library lets both through.
        raise YamlFault(NOT_YAML.render({"error": error}), None) from error


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which repeats nothing: a few lines may not stand for a million."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call] # types-PyYAML leaves it out
            raise YamlFault(NO_ALIAS, alias.start_mark.line + 1)
        return super().compose_node(parent, index)


def _note_lines(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[*path, str(index)] = item.start_mark.line + 1
            _note_lines(item, (*path, str(index)), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlFault(NO_KEY, line)
            if (*path, key.value) in lines:
                raise YamlFault(KEY_TWICE.render({"key": key.value}), line)
            lines[*path, key.value] = line
            _note_lines(value, (*path, key.value), lines)
