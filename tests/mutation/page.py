"""The figures of a run of mutants: as a table, and as a page."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.mutation.judge import Verdict
from tests.mutation.mutants import Mutant

VERDICTS: Final[tuple[Verdict, ...]] = ("killed", "timed_out", "survived")


@dataclass(frozen=True)
class MutationRun:
    """What was asked, and what came of it."""

    seed: int
    sampled: bool
    made: Mapping[str, int]
    """How many mutants each module has."""
    found: Sequence[tuple[Mutant, Verdict]]
    tests: int
    versions: Mapping[str, str]
    explained: Mapping[str, str]
    commit: str | None = None
    """Of which code; None where nobody knows."""

    def counts(self, module: str | None = None) -> Counter[str]:
        """How many of a module, or of all, came to which end; `explained` are survivors too."""
        counts: Counter[str] = Counter()
        for mutant, verdict in self.found:
            if module in {None, mutant.module}:
                counts[verdict] += 1
                counts["judged"] += 1
                counts["explained"] += verdict == "survived" and mutant.key in self.explained
        return counts

    def unexplained(self) -> list[Mutant]:
        """The survivors that want a test, or a reason."""
        return [
            mutant
            for mutant, verdict in self.found
            if verdict == "survived" and mutant.key not in self.explained
        ]


def score(counts: Mapping[str, int]) -> str:
    """The share that the tests noticed, cut to a tenth of a percent, never rounded up."""
    judged = counts["judged"]
    if not judged:
        return "–"
    noticed = judged - counts["survived"]
    whole, tenths = divmod(1000 * noticed // judged, 10)
    return f"{whole}.{tenths} %"


def table(mutation_run: MutationRun) -> str:
    """The figures, module by module."""
    return "\n".join(_rows(mutation_run))


def page(mutation_run: MutationRun) -> str:
    """The same as Markdown, with every survivor."""
    made, judged = sum(mutation_run.made.values()), len(mutation_run.found)
    versions = ", ".join(f"{name} {version}" for name, version in mutation_run.versions.items())
    return "\n".join(
        [
            "# Mutants of the rules",
            "",
            "A mutant is the ledger's domain with one small change: another comparison, a number",
            "one higher, a step left out. One that passes the tests shows what no test looks at.",
            "`make mutate PAGE=build/mutation.md` judges all and writes this page;",
            "`MODULES=limits,rules.payments` takes some modules, `SAMPLE=200 SEED=1` some mutants.",
            "A verdict is kept in `build/` while the module of its mutant stays as it is; that of",
            "a survivor while no test changes, or it is explained. So these were found in one run,",
            "or in several.",
            "How it is done: [decision 24](../docs/decisions/0024-how-it-is-tested.md).",
            "",
            "| the run | |",
            "|---|---|",
            f"| mutants of these modules | {made:,} |",
            f"| judged | {_share(mutation_run, made, judged)} |",
            f"| tests that judge | {mutation_run.tests:,} |",
            f"| made and judged by | {versions} |",
            *([] if mutation_run.commit is None else [f"| commit | {mutation_run.commit} |"]),
            f"| **score** | **{score(mutation_run.counts())}** of those judged were noticed |",
            "",
            *_rows(mutation_run),
            "",
            "*Timed out* is noticed too: the mutant did not come to an end. *Explained* survivors",
            "count as survivors in the score.",
            "",
            *_survivors(mutation_run),
        ]
    )


def _share(mutation_run: MutationRun, made: int, judged: int) -> str:
    if judged == made:
        return "all of them"
    drawn = f", drawn with seed {mutation_run.seed}" if mutation_run.sampled else ""
    return f"{judged:,} of them{drawn}"


def _rows(mutation_run: MutationRun) -> Iterator[str]:
    yield "| module | mutants | judged | killed | timed out | survived | explained | score |"
    yield "|---|---|---|---|---|---|---|---|"
    for module, made in mutation_run.made.items():
        yield _row(f"`{module}`", made, mutation_run.counts(module))
    yield _row("all", sum(mutation_run.made.values()), mutation_run.counts())


def _row(name: str, made: int, counts: Mapping[str, int]) -> str:
    figures = [made, counts["judged"], *(counts[each] for each in VERDICTS), counts["explained"]]
    cells = " | ".join(f"{figure:,}" for figure in figures)
    return f"| {name} | {cells} | {score(counts)} |"


def _survivors(mutation_run: MutationRun) -> Iterator[str]:
    survivors = [mutant.key for mutant, verdict in mutation_run.found if verdict == "survived"]
    yield "## Survivors"
    yield ""
    if not survivors:
        yield "None."
    wanting = [key for key in survivors if key not in mutation_run.explained]
    if wanting:
        yield "### Not explained"
        yield ""
        yield from (f"- {key}" for key in wanting)
        yield ""
    reasons: dict[str, list[str]] = {}
    for key in survivors:
        if key in mutation_run.explained:
            reasons.setdefault(mutation_run.explained[key], []).append(key)
    for why, keys in reasons.items():
        yield f"{why}"
        yield ""
        yield from (f"- {key}" for key in keys)
        yield ""
