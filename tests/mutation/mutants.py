"""The mutants of a module: its source with one small change, made by mutmut's operators and ours.

mutmut's own runner leaves out what stands outside functions, where this ledger keeps its
accounting: docs/decisions/0024-how-it-is-tested.md.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators
from mutmut.mutation.file_mutation import deep_replace

ROOT: Final = Path(__file__).resolve().parents[2]
DOMAIN: Final = ROOT / "services" / "ledger" / "domain"
SHOWN_MAX: Final = 120
"""How much of a place in the source a mutant's name repeats."""

Operator = Callable[[Any], Iterable[cst.CSTNode]]


def _first_only(operator: Operator) -> Operator:
    """A string in capitals tells no more than a string that is not the same."""

    def first(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        yield from list(operator(node))[:1]

    return first


def _dropped_arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    """A call without an argument that may have a default: a named one, or the last.

    Of the others the call would only break, as mypy says; so it would with `None` in their place.
    """
    if len(node.args) > 1:
        without = list(mutators.operator_arg_removal(node))[-len(node.args) :]
        last = len(node.args) - 1
        for number, (arg, changed) in enumerate(zip(node.args, without, strict=True)):
            if (arg.keyword is not None or number == last) and not _is_strict(arg):
                yield changed


def _is_strict(node: cst.CSTNode) -> bool:
    """`zip(…, strict=True)` asserts that both are as long: it is never to be seen false."""
    return isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "strict"


def _other_condition(node: cst.If | cst.IfExp | cst.While | cst.CompIf) -> Iterator[cst.CSTNode]:
    """The other way round; of comparisons and the like mutmut's operators see to that."""
    if isinstance(node.test, cst.Name | cst.Attribute | cst.Call | cst.NamedExpr):
        test = node.test.with_changes(
            lpar=[cst.LeftParen(), *node.test.lpar], rpar=[*node.test.rpar, cst.RightParen()]
        )
        yield node.with_changes(
            test=cst.UnaryOperation(
                cst.Not(), test, lpar=[cst.LeftParen()], rpar=[cst.RightParen()]
            )
        )


def _without_statement(node: cst.Expr | cst.AugAssign) -> Iterator[cst.CSTNode]:
    """A statement that is only there for what it does, not done."""
    if isinstance(node, cst.AugAssign) or isinstance(node.value, cst.Call | cst.Yield):
        yield cst.Expr(cst.Name("None"))


OPERATORS: Final[tuple[tuple[Any, Operator], ...]] = (
    (cst.BaseNumber, mutators.operator_number),
    (cst.SimpleString, _first_only(mutators.operator_string)),
    (cst.Name, mutators.operator_name),
    (cst.AugAssign, mutators.operator_augmented_assignment),
    (cst.UnaryOperation, mutators.operator_remove_unary_ops),
    (cst.Call, mutators.operator_dict_arguments),
    (cst.Call, _dropped_arguments),
    (cst.Call, mutators.operator_symmetric_string_methods_swap),
    (cst.Lambda, mutators.operator_lambda),
    (cst.CSTNode, mutators.operator_keywords),
    (cst.CSTNode, mutators.operator_swap_op),
    (cst.Match, mutators.operator_match),
    (cst.If | cst.IfExp | cst.While | cst.CompIf, _other_condition),
    (cst.Expr | cst.AugAssign, _without_statement),
)


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    module: str
    """Its name below the domain: `limits`, `rules.payments`."""
    scope: str | None
    """The function or method that holds the change; None outside of all."""
    line: int
    was: str
    becomes: str
    number: int
    """Which of the changes of this kind in its scope, from 1."""
    module_tree: cst.Module
    node: cst.CSTNode
    changed: cst.CSTNode

    @property
    def key(self) -> str:
        """What it is called, whatever else changes in its module."""
        place = f"{self.module}.{self.scope}" if self.scope else self.module
        again = f" #{self.number}" if self.number > 1 else ""
        return f"{place}: `{self.was}` → `{self.becomes}`{again}"

    @property
    def path(self) -> Path:
        return path_of(self.module)

    def unchanged(self) -> "Mutant":
        """The same with no change at all: what the tests must not notice."""
        return replace(self, changed=self.node)

    def source(self) -> str:
        """The module with the change."""
        if self.changed is self.node:
            return _code_of(self.module_tree)
        tree = deep_replace(self.module_tree, self.node, self.changed)
        assert isinstance(tree, cst.Module)
        return tree.code


def path_of(module: str) -> Path:
    return (DOMAIN / module.replace(".", "/")).with_suffix(".py")


def modules() -> list[str]:
    """Every module of the domain that decides anything; `refusals` is words alone."""
    names = [path.relative_to(DOMAIN) for path in sorted(DOMAIN.rglob("*.py"))]
    modules = [str(name.with_suffix("")).replace("/", ".") for name in names]
    return [name for name in modules if name.split(".")[-1] not in {"__init__", "refusals"}]


@cache
def _code_of(tree: cst.Module) -> str:
    """Each function of a module that is put back is so with all of it: written out once."""
    return tree.code


@cache
def mutants_of(module: str) -> tuple[Mutant, ...]:
    """Each change that the operators can make, in the order of the source."""
    return changes_of(module, path_of(module).read_text(encoding="utf-8"))


def changes_of(module: str, source: str) -> tuple[Mutant, ...]:
    """The same of any source, under a name for its module."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    collector = _Collector(module, wrapper.module)
    wrapper.visit(collector)
    return tuple(collector.found)


class _Collector(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, module: str, tree: cst.Module) -> None:
        super().__init__()
        self.found: list[Mutant] = []
        self._module = module
        self._tree = tree
        self._above: list[cst.CSTNode] = []
        self._skipped: set[int] = set()
        self._seen: Counter[tuple[str | None, str, str]] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._above.append(node)
        if isinstance(node, cst.Assert) and node.msg is not None:
            self._skipped.add(id(node.msg))
        if id(node) in self._skipped or _is_beside_the_point(node) or _is_strict(node):
            return False
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                for changed in operator(node):
                    self._add(node, changed)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:  # noqa: ARG002 - libcst names it
        self._above.pop()

    def _add(self, node: cst.CSTNode, changed: cst.CSTNode) -> None:
        was, becomes = self._described(node, changed)
        scope = self._scope()
        self._seen[scope, was, becomes] += 1
        line = next(
            place.start.line
            for each in reversed(self._above)
            if (place := self.get_metadata(PositionProvider, each, None)) is not None
        )
        number = self._seen[scope, was, becomes]
        self.found.append(
            Mutant(self._module, scope, line, was, becomes, number, self._tree, node, changed)
        )

    def _scope(self) -> str | None:
        names: list[str] = []
        for each in self._above:
            if isinstance(each, cst.ClassDef):
                names.append(each.name.value)
            elif isinstance(each, cst.FunctionDef):
                return ".".join([*names, each.name.value])
        return None

    def _described(self, node: cst.CSTNode, changed: cst.CSTNode) -> tuple[str, str]:
        """What stands there and what would, with as much around it as makes it understood."""
        if isinstance(node, cst.Match) and isinstance(changed, cst.Match):
            case = next(each for each in node.cases if each not in changed.cases)
            return f"case {_text(self._tree, case.pattern)}", "no such case"
        if isinstance(node, cst.Call) and isinstance(changed, cst.Call):
            gone = [each for each in node.args if each not in changed.args]
            if len(changed.args) < len(node.args):
                called = _text(self._tree, node.func)
                said = _text(self._tree, gone[0].with_changes(comma=cst.MaybeSentinel.DEFAULT))
                return _both(f"{called}(… {said} …)", f"{called}(…)")
        if isinstance(node, cst.If | cst.IfExp | cst.While | cst.CompIf):
            assert isinstance(changed, cst.If | cst.IfExp | cst.While | cst.CompIf)
            return _both(_text(self._tree, node.test), _text(self._tree, changed.test))
        around = next(each for each in reversed(self._above) if isinstance(each, WHOLES))
        other = changed if around is node else deep_replace(around, node, changed)
        assert isinstance(other, cst.CSTNode)
        return _both(_text(self._tree, around), _text(self._tree, other))


WHOLES: Final = (
    cst.Comparison,
    cst.BooleanOperation,
    cst.BinaryOperation,
    cst.UnaryOperation,
    cst.Call,
    cst.Subscript,
    cst.DictElement,
    cst.Param,
    cst.BaseSmallStatement,
    cst.MatchCase,
    cst.For,
    cst.Module,
)
"""What is understood by itself."""


def _is_beside_the_point(node: cst.CSTNode) -> bool:
    """Types, imports, decorators, docstrings."""
    match node:
        case cst.Annotation() | cst.Import() | cst.ImportFrom() | cst.Decorator():
            return True
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return True
        case _:
            return False


def _text(tree: cst.Module, node: cst.CSTNode) -> str:
    return " ".join(tree.code_for_node(node).split())


def _both(was: str, becomes: str) -> tuple[str, str]:
    """Both, cut to what is around the first difference."""
    pairs = enumerate(zip(was, becomes, strict=False))
    same = next((place for place, (a, b) in pairs if a != b), min(len(was), len(becomes)))
    start = max(0, same - SHOWN_MAX // 2) if max(len(was), len(becomes)) > SHOWN_MAX else 0
    return _cut(was, start), _cut(becomes, start)


def _cut(text: str, start: int) -> str:
    end = start + SHOWN_MAX
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
