"""`python -m services.verifier`: prove a cluster; 0 proved, 1 not, 3 cannot reach what it needs."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from services.verifier.findings import Finding
from services.verifier.topics import UnreachableError
from services.verifier.verify import Report, verify

PROVED, DISPROVED, UNREACHABLE = 0, 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify, print, and give the exit code."""
    asked = _asked(arguments)
    try:
        report = asyncio.run(verify(asked.bootstrap, asked.prefix))
    except UnreachableError as error:
        sys.stderr.write(f"{getattr(error.said, asked.lang)}\n")
        return UNREACHABLE
    return show(report, asked.lang, as_json=asked.json, figures=asked.figures)


def show(report: Report, language: str, as_json: bool = False, figures: bool = False) -> int:
    """Print a report in `fr` or `en`, or for programs with or without figures; the exit code."""
    if as_json:
        row = report.row() | ({"figures": report.figures} if figures else {})
        sys.stdout.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(report, language))
    return PROVED if report.proved else DISPROVED


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m services.verifier",
        description="Prove that journal and published topics follow from what was sent.",
    )
    parser.add_argument("--bootstrap", default="localhost:9092", help="host:port of the cluster")
    parser.add_argument("--prefix", default="", help="what stands before every topic's name")
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument(
        "--figures", action="store_true", help="with --json: balances and lists too"
    )
    parser.add_argument("--lang", choices=("fr", "en"), default="fr", help="language of messages")
    return parser.parse_args(arguments)


def _lines(report: Report, language: str) -> list[str]:
    lines = [_line(each, language) for each in report.findings]
    counted = report.counted
    total, journalled = sum(report.counts.values()), sum(counted["outcomes"].values())
    if language == "fr":
        result = "prouvé" if report.proved else f"{total} défauts"
        lines.append(
            f"{result} : {journalled} événements, {counted['budgets']} budgets, "
            f"{counted['payment_orders']} mandats, {counted['expired']} non comparables"
        )
    else:
        result = "proved" if report.proved else f"{total} defects"
        lines.append(
            f"{result}: {journalled} events, {counted['budgets']} budgets, "
            f"{counted['payment_orders']} payment orders, {counted['expired']} not comparable"
        )
    return lines


def _line(finding: Finding, language: str) -> str:
    where = " ".join(str(each) for each in finding.place.row().values())
    return f"{where}: {finding.code} {getattr(finding.said, language)}"


if __name__ == "__main__":
    sys.exit(main())
