"""Write the city's three years to files of events: `python -m tests.city FILE [FILE FILE]`.

One file holds all; three hold a year each, to its closing. `--deadlines` adds to the last what a
watch would say on the last day: a replay has none, while `serve` and Kafka have their own.
"""

import argparse
from itertools import chain
from pathlib import Path

from tests.builders import encoded
from tests.city.three_years import a_city


def main() -> None:
    """Write the files that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.city", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--deadlines", action="store_true")
    asked = parser.parse_args()
    city = a_city(asked.seed)
    parts = city.files()
    if asked.deadlines:
        parts[-1] += map(encoded, city.deadlines())
    if len(asked.files) not in {1, len(parts)}:
        parser.error(f"name one file, or {len(parts)}")
    if len(asked.files) == 1:
        parts = [[*chain(*parts)]]
    for file, lines in zip(asked.files, parts, strict=True):
        file.write_bytes(b"".join(line + b"\n" for line in lines))


if __name__ == "__main__":
    main()
