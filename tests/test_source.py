"""The source itself under test: the rules of CONTRIBUTING.md that no linter knows."""

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from events.envelope import INBOUND
from events.outbound import OUTBOUND
from events.unreadable import Reason
from services.ledger.domain.model.answers import FlagCode, Refusal
from services.ledger.explain.answers import FLAGS
from services.ledger.explain.refusals import REFUSALS

ROOT = Path(__file__).resolve().parent.parent
FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 500
TEST_LINES_MAX = 400

SOURCES = [path for room in ("events", "services") for path in sorted((ROOT / room).rglob("*.py"))]
MODULES = [
    *SOURCES,
    *(path for room in ("tests", "bench") for path in sorted((ROOT / room).rglob("*.py"))),
]
TREASURY_ACTS = ("slips", "returns", "entries", "reconciliation")
# Where money is counted: a float or a true division would lose cents.
PURE = [
    path
    for path in SOURCES
    if (
        path.is_relative_to(ROOT / "events")
        or "domain" in path.relative_to(ROOT).parts
        or path.parent in {ROOT / "services/treasury" / act for act in TREASURY_ACTS}
    )
    # The generator of schemas/ counts nothing, and joins paths with a slash.
    and path != ROOT / "events" / "schemas.py"
]

# Each is put together here, so that this file does not hold what it forbids.
UNFINISHED = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b|" + "@" * 2 + r"\w+" + "@" * 2
)
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("repo", "maven", "apache", "org"),
        ("repo1", "maven", "org"),
        ("deb", "debian", "org"),
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.)}/-])/(?:root|work|home)/")

WORD = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+")
"""The words of a text, those of `a_name`, `A_NAME` and `AName` among them."""

# What services/runtime must not know of, so that any service can stand on it: of each word one, in
# English, then in French, and the services' names. `order`, `line`, `stage`, `paid` are anybody's.
TRADE = frozenset(
    WORD.findall(
        "account accounting appropriation balance beneficiary budget cent commitment convention"
        " credit deliberation euro expenditure fiscal grant grantee instalment invoice journal"
        " money payment recovery subsidy"
        " bénéficiaire comptable comptabilité crédit délibération dépense engagement exercice"
        " mandat paiement recouvrement subvention trésorerie versement virement"
        " ledger projector treasury verifier"
    )
)

FUNCTION_TYPES = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


class Read(NamedTuple):
    """What the rules ask of a module; its tree would be walked whenever garbage is collected."""

    has_docstring: bool
    too_long: list[str]
    """Its functions that are."""
    silent: list[str]
    """Its public names without a docstring."""


@cache
def read(path: Path) -> Read:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return Read(
        bool(ast.get_docstring(tree)),
        [
            f"{name_of(path)}:{node.lineno} {node.name}: {lines} lines"
            for node in statements(tree)
            if isinstance(node, FUNCTION_TYPES)
            and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
        ],
        [
            f"{name_of(path)}:{node.lineno} {node.name}"
            for node in tree.body
            if isinstance(node, (*FUNCTION_TYPES, ast.ClassDef))
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ],
    )


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All that may hold a function, a tenth of all nodes: no expression does."""
    for name in ("body", "orelse", "handlers", "finalbody", "cases"):
        for node in getattr(tree, name, ()):
            yield node
            yield from statements(node)


def test_a_module_fits_in_the_head() -> None:
    counted = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    found = [
        f"{name_of(path)} has {lines} lines: split it by subject"
        for path, lines in counted.items()
        if lines > (MODULE_LINES_MAX if path in SOURCES else TEST_LINES_MAX)
    ]
    assert [] == found


def test_a_function_fits_on_a_screen() -> None:
    assert [] == [found for path in MODULES for found in read(path).too_long]


@pytest.mark.parametrize(
    "around", ["{}", "class A:\n {}", "if a:\n b\nelse:\n {}", "match a:\n case b:\n  {}"]
)
def test_the_check_of_functions_sees_one_wherever_it_stands(around: str) -> None:
    tree = ast.parse(around.format("async def f(): b"))
    assert any(isinstance(node, FUNCTION_TYPES) for node in statements(tree))


def test_a_module_is_named_after_its_subject() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "common"}
    found = [
        name_of(path)
        for path in MODULES
        if vague & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]
    assert [] == found


def test_a_module_says_what_it_is() -> None:
    assert [] == [name_of(path) for path in MODULES if not read(path).has_docstring]


def test_each_public_name_says_what_it_is() -> None:
    assert [] == [found for path in SOURCES for found in read(path).silent]


def inexact(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The places where arithmetic could lose a cent."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="float")):
                yield node.lineno, "float(…)"
            case ast.Constant(value=float()):
                yield node.lineno, "a float literal"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "true division: use divmod and name who keeps the remainder"
            case _:
                pass


def test_money_is_counted_in_whole_cents() -> None:
    found = [
        f"{name_of(path)}:{line} {what}"
        for path in PURE
        for line, what in inexact(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert [] == found


@pytest.mark.parametrize("inexact_code", ["float(1)", "1.0", "1 / 2", "a /= 2"])
def test_the_cent_check_sees(inexact_code: str) -> None:
    assert 1 == len(list(inexact(ast.parse(inexact_code))))


@cache
def kept_files() -> list[tuple[str, str]]:
    """Name and text of each file that git keeps or is about to."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("only a git work tree knows which files are kept")
    # The owner of a CI checkout may be another user, which git would refuse to read.
    ask = [git, "-C", str(ROOT), "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(
        [*ask, "--cached", "--others", "--exclude-standard"], capture_output=True, check=True
    )
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    contents = {name: (ROOT / name).read_bytes() for name in names if (ROOT / name).is_file()}
    return [
        (name, content.decode("utf-8", errors="replace"))
        for name, content in contents.items()
        if b"\0" not in content
    ]


def lines_with(found: Callable[[str], object]) -> list[str]:
    """The lines of kept files in which something is found; whole files are asked before lines."""
    return [
        f"{name}:{number} {line.strip()[:100]}"
        for name, text in kept_files()
        if found(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if found(line)
    ]


NAMES_A_MODULE = re.compile(r"`((?:services|events|tests|bench)(?:\.\w+)+)`")
NAMES_A_FILE = re.compile(
    r"(?<![\w./-])(?:services|events|tests|bench|deploy|docs)/[\w./-]+\.(?:py|md|yml)\b"
)


def is_there(module: str) -> bool:
    """True of a module or a package of ours, or of a name in one."""
    path = ROOT.joinpath(*module.split("."))
    return path.is_dir() or any(each.with_suffix(".py").is_file() for each in (path, path.parent))


def named_in_vain(text: str) -> list[str]:
    """The modules and files of ours that a text names, and that are not there."""
    modules = [each for each in NAMES_A_MODULE.findall(text) if not is_there(each)]
    return modules + [each for each in NAMES_A_FILE.findall(text) if not (ROOT / each).exists()]


def test_a_module_or_a_file_that_is_named_is_there() -> None:
    found = {
        name: missing
        for name, text in kept_files()
        if name.endswith((".py", ".md")) and (missing := named_in_vain(text))
    }
    assert {} == found


@pytest.mark.parametrize("gone", ["`services." + "ledger.domain.moves`", "docs/" + "gone.md"])
def test_the_check_of_names_sees(gone: str) -> None:
    assert [gone.strip("`")] == named_in_vain(f"see {gone}")


def names_a_registry(text: str) -> bool:
    return any(host in text for host in REGISTRIES)


def test_nothing_is_left_for_later() -> None:
    assert [] == lines_with(UNFINISHED.search)


@pytest.mark.parametrize("line", ["# TO" + "DO: later", "FIX" + "ME", "@" * 2 + "TABLE" + "@" * 2])
def test_the_check_for_later_sees(line: str) -> None:
    assert UNFINISHED.search(line)


def test_no_kept_file_names_a_registry_or_a_place_on_one_machine() -> None:
    assert [] == lines_with(MACHINE_PATHS.search)
    assert [] == lines_with(names_a_registry)


@pytest.mark.parametrize("host", REGISTRIES)
def test_the_host_check_would_see_an_address(host: str) -> None:
    assert host in f"--index-url https://{host}/simple"


@pytest.mark.parametrize("line", ["cd /" + "root/x", 'PATH = "/' + 'work/main"', "/" + "home/me/"])
def test_the_path_check_sees(line: str) -> None:
    assert MACHINE_PATHS.search(line)


@pytest.mark.parametrize("line", ["https://example.org/home/", "./work/x", "a/home/"])
def test_the_path_check_lets_other_paths_be(line: str) -> None:
    assert not MACHINE_PATHS.search(line)


OF_OAUTH = "grant_type"
"""A member of a request for a token (RFC 6749): no word of the trade."""


def trade_words(text: str) -> Iterator[tuple[int, str]]:
    """The words of the trade in a text, each with its line; one or many of it."""
    for number, line in enumerate(text.splitlines(), start=1):
        for word in WORD.findall(line):
            if {word.lower(), word.lower().removesuffix("s")} & TRADE:
                yield number, word


def test_the_runtime_knows_no_word_of_the_trade() -> None:
    found = [
        f"{name_of(path)}:{line} {word}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "services" / "runtime")
        for line, word in trade_words(path.read_text(encoding="utf-8").replace(OF_OAUTH, ""))
    ]
    assert [] == found


@pytest.mark.parametrize(
    "line",
    [
        "# the budgets of a partition",
        '"Arrêtez les ledgers"',
        "where.journal",
        "class GrantList:",
        "LEDGER_STATE = 1",
        "payment_order",
        "les mandats",
        "Crédits",
    ],
)
def test_the_check_of_the_trade_s_words_sees(line: str) -> None:
    assert 1 == len(list(trade_words(line)))


@pytest.mark.parametrize("line", ["on_rebalance", "granted", "a commit", "one batch, in order"])
def test_the_check_of_the_trade_s_words_lets_others_be(line: str) -> None:
    assert [] == list(trade_words(line))


def contract_rows(section: str) -> dict[str, str]:
    """The rows of one section's table in docs/contract.md, by their code; not of its parts."""
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    body = text.split(f"## {section}\n")[1].split("\n##")[0]
    return {row.split("`")[1]: row for row in body.splitlines() if row.startswith("| `")}


def test_the_contract_names_every_refusal_in_order_with_its_facts() -> None:
    rows = contract_rows("6. Refusals")
    assert [each.value for each in Refusal] == list(rows)
    assert [] == [
        f"{code} {fact}"
        for code in Refusal
        for fact in REFUSALS[code].facts
        if fact not in rows[code]
    ]


def test_the_contract_names_every_review_flag_with_its_facts() -> None:
    rows = contract_rows("7. Review flags")
    assert [each.value for each in FlagCode] == list(rows)
    assert [] == [
        f"{code} {fact}"
        for code in FlagCode
        for fact in FLAGS[code].facts
        if fact not in rows[code]
    ]


def test_the_contract_names_every_reason_of_a_dead_letter() -> None:
    assert [each.value for each in Reason] == list(contract_rows("9. Dead letters"))


def test_the_contract_names_every_type_with_its_fields() -> None:
    text = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    tables = {part.split("`")[0]: part for part in text.split("### `")[1:]}
    assert [each.TYPE for each in INBOUND] == list(tables)
    assert [] == [
        f"{each.TYPE} {field}"
        for each in INBOUND
        for field in each.__struct_fields__
        if field != "budget" and f"`{field}`" not in tables[each.TYPE]
    ]
    assert [each.TYPE for each in OUTBOUND] == list(contract_rows("3. Messages out"))


def test_what_make_test_leaves_out_is_run_by_make_test_rest() -> None:
    """It looks for the mark `rest`, and for PostgreSQL, in the folders of DIVIDED alone."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    divided = re.findall(r"^DIVIDED := \$\(addprefix tests/,(.*)\)$", makefile, re.MULTILINE)
    places = ["conftest.py", "kafka/", *divided[0].split()]
    left_out = re.compile(r"mark\.rest\b|postgresql_(?:server|url)\b")
    found = [
        name_of(path)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if left_out.search(path.read_text(encoding="utf-8"))
    ]
    assert [] == [
        each for each in found if not each.startswith(tuple("tests/" + p for p in places))
    ]
