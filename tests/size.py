"""The size of the tree by package, and ceilings that it may not pass: `python -m tests.size`.

A ceiling is lowered with what takes something away; who raises one says what for. With `--check`
only what stands above its ceiling is printed, and the exit code is 1.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import grimp

ROOT: Final = Path(__file__).parents[1]
PRODUCT: Final = ("services", "events")

PREPOSITIONS: Final = """
about above after against among around at before behind below beside between by for in into of off
on onto out over since through toward under until within without
"""
"""Of names that begin so `as_`, `from_`, `to_` and `with_` are Python's own, and not here."""

PARTICIPLES: Final = """
begun born borne bought bound broken brought built caught chosen come done drawn driven drunk fallen
felt fought found frozen given gone grown held hidden kept known laid led left lent lost made meant
met paid proven said seen sent shown sold spelt spent stood struck taken taught thought thrown torn
understood withdrawn won worn written
"""
VERBS_IN_ED: Final = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "succeed"})
NO_VERBS: Final = frozenset({*PREPOSITIONS.split(), *PARTICIPLES.split()})
VAGUE: Final = frozenset({"asked", "found", "given", "named", "wanted"})
"""Names of parameters and attributes that do not say what is in them."""

RIDDLE: Final = re.compile(
    r"(What|That|Which|Whether|Where|Who|Whose|How|It|Its|They|Their|Nothing, where|None, where)\b"
)
"""Beginnings of a docstring that does not say by itself what a thing is."""


class Count(NamedTuple):
    """A figure of the tree: the most that it may be, and what it is to become."""

    name: str
    found: int
    ceiling: int
    aim: int


def modules(*packages: str) -> Iterator[Path]:
    """The modules below these folders."""
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def lines(paths: Iterable[Path]) -> int:
    """The lines of these files."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def is_bare(name: str) -> bool:
    """True of a name that begins with a participle or a preposition in place of a verb."""
    first = name.strip("_").partition("_")[0]
    if first in NO_VERBS:
        return True
    return re.fullmatch(r"[a-z]{2,}ed", first) is not None and first not in VERBS_IN_ED


def _nodes(*kinds: type[ast.AST]) -> Iterator[tuple[Path, Any]]:
    """The nodes of these kinds in the product's syntax trees, with the module of each."""
    for path in modules(*PRODUCT):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                yield path, node


def bare_functions() -> list[str]:
    """Functions of the product, and methods that are no properties, whose name is no verb."""
    bare = []
    for path, node in _nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        decorators = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
        if is_bare(node.name) and not decorators & {"property", "cached_property"}:
            bare.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    return bare


def bare_classes() -> list[str]:
    """Classes of the product whose name is a single participle, where a noun should be."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, node in _nodes(ast.ClassDef)
        if re.fullmatch("_?[A-Z][a-z]+", node.name) and is_bare(node.name.lower())
    ]


def vague_names() -> list[str]:
    """Parameters, and attributes declared by a class, whose name does not say what is in them."""
    found = [(path, node.lineno, node.arg) for path, node in _nodes(ast.arg)]
    for path, node in _nodes(ast.ClassDef):
        found += [
            (path, each.lineno, each.target.id)
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
    return [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, line, name in found
        if name.strip("_") in VAGUE
    ]


def riddles() -> list[str]:
    """Docstrings of the product that begin with a question word, or with a pronoun."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {text.splitlines()[0]}"
        for path, node in _nodes(ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if RIDDLE.match(text := ast.get_docstring(node) or "")
    ]


def mutual_imports() -> list[str]:
    """Pairs of sibling packages or modules that import each other, themselves or below them."""
    graph = grimp.build_graph(*PRODUCT, cache_dir=None)
    pairs: set[tuple[str, str]] = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            ours, theirs = importer.split("."), imported.split(".")
            depth = next(
                (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None
            )
            if depth:
                pairs.add((".".join(ours[: depth + 1]), ".".join(theirs[: depth + 1])))
    return sorted(f"{one} {other}" for one, other in pairs if one < other and (other, one) in pairs)


def counts() -> list[Count]:
    """The figures that are held."""
    return [
        Count("lines of services", lines(modules("services")), 92_192, 77_000),
        Count("modules of services and events", len([*modules(*PRODUCT)]), 577, 450),
        Count("lines of tests", lines(modules("tests")), 120_910, 95_000),
        Count("pairs that import each other", len(mutual_imports()), 0, 0),
        Count("functions without a verb", len(bare_functions()), 6, 40),
        Count("classes without a noun", len(bare_classes()), 13, 10),
        Count("parameters that do not tell", len(vague_names()), 0, 0),
        Count("docstrings that are riddles", len(riddles()), 7, 0),
    ]


def main() -> int:
    """Print the figures; return 1 where one is above its ceiling."""
    only_check = "--check" in sys.argv[1:]
    if not only_check:
        for folder in sorted({*(ROOT / "services").glob("*/"), ROOT / "events", ROOT / "tests"}):
            paths = [*folder.rglob("*.py")]
            print(
                f"{folder.relative_to(ROOT)!s:<24} {lines(paths):>7} lines {len(paths):>5} modules"
            )
        print()
    above = False
    for each in counts():
        is_above = each.found > each.ceiling
        above |= is_above
        if is_above or not only_check:
            print(f"{each.name:<32} {each.found:>7}  ceiling {each.ceiling:>7}  aim {each.aim:>7}")
    return int(above)


if __name__ == "__main__":
    sys.exit(main())
