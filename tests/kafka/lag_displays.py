"""Who tells an operator how a stage is: page, metric and command, asked again and again.

Each is asked by itself, as people and Prometheus do, and its answer is kept with the moment.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from html import unescape
from typing import Final, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.command import ecluse
from tests.kafka.watcher import Watcher

PAGE, METRIC, COMMAND = "page", "metric", "command"
POLL_S: Final = 0.3
ANSWER_S: Final = 20.0
EXIT_SILENT: Final = 3
"""What `ecluse lag` ends with where no watch answers."""

Stage = tuple[str, ...]
"""The stage's name and its state, in the teller's own words; the command tells the rule too."""

Row = tuple[str, str, int]
"""A stage, a topic without `ecluse.` and `.v1`, and the number of its partition."""


class PartitionStatus(NamedTuple):
    """How a partition is: its state in the teller's own words, and what is left to read."""

    state: str
    behind: int | None


class Shown(NamedTuple):
    """One answer of one of them."""

    stages: frozenset[Stage]
    rows: Mapping[Row, PartitionStatus]
    old: bool
    """Whether it says of the watch that it is old, or does not answer."""


class Sample(NamedTuple):
    """The same, and when the answer had come."""

    at_s: float
    shown: Shown


SILENT: Final = Shown(frozenset(), {}, old=True)


class Displays:
    """All three, and the answers of each."""

    def __init__(self, watch: Watcher, prefix: str, page: str) -> None:
        self._watch = watch
        self._prefix = prefix
        self._page = page
        self._asked: dict[str, Callable[[], Shown]] = {
            PAGE: self._of_page,
            METRIC: self._of_metric,
            COMMAND: self._of_command,
        }
        self.samples: dict[str, list[Sample]] = {name: [] for name in self._asked}

    async def listen(self) -> None:
        """Ask each again and again, for as long as this runs."""
        await asyncio.gather(*(self._ask(name) for name in self._asked))

    async def _ask(self, name: str) -> None:
        while True:
            shown = await asyncio.to_thread(self._asked[name])
            self.samples[name].append(Sample(time.monotonic(), shown))
            await asyncio.sleep(POLL_S)

    def first_s(self, name: str, is_so: Callable[[Shown], bool], since_s: float) -> float | None:
        """How long after a moment one of them first showed it; None: not yet."""
        found = (each.at_s - since_s for each in self.samples[name] if is_so(each.shown))
        return next((after_s for after_s in found if after_s >= 0), None)

    # ------------------------------------------------------------ how each is asked

    def _of_command(self) -> Shown:
        """`ecluse lag --json`."""
        text = ecluse("lag", "--json", "--url", f"http://127.0.0.1:{self._watch.port}")
        # It runs in this process, where Kafka's clients may say something at any time.
        answers = [line for line in text.out.splitlines() if line.startswith(b"{")]
        if text.code == EXIT_SILENT:
            assert [] == answers
            return SILENT
        board = json.loads(answers[-1])
        return Shown(
            frozenset((each["stage"], each["state"], each["rule"]) for each in board["stages"]),
            {
                (stage["stage"], _plain(each["topic"]), each["partition"]): PartitionStatus(
                    each["state"], each["behind"]
                )
                for stage in board["stages"]
                for each in stage["partitions"]
            },
            old=False,
        )

    def _of_metric(self) -> Shown:
        """`/metrics` of the watch."""
        status, text = self._watch.get("/metrics")
        if status == 0:
            return SILENT
        samples = [each for of in text_string_to_metric_families(text) for each in of.samples]
        behind: dict[tuple[str, str, str], int] = {
            (found["consumergroup"], found["topic"], found["partition"]): int(figure)
            for name, found, figure, *_ in samples
            if name == "kafka_consumergroup_lag"
        }
        rows: dict[Row, PartitionStatus] = {}
        for name, found, figure, *_ in samples:
            if name == "ecluse_consumer_state" and figure:
                group, topic = (self._prefix + found[each] for each in ("group", "topic"))
                row = (found["stage"], _plain(found["topic"]), int(found["partition"]))
                left = behind.get((group, topic, found["partition"]))
                rows[row] = PartitionStatus(found["state"], left)
        stages = frozenset((row[0], status.state) for row, status in rows.items())
        return Shown(stages, rows, old=False)

    def _of_page(self) -> Shown:
        """`/console/lag`, in French."""
        answer = httpx.get(
            f"{self._page}/console/lag",
            headers={"accept": "text/html", "accept-language": "fr"},
            timeout=ANSWER_S,
        )
        assert 200 == answer.status_code, answer.text
        return shown_by_page(answer.text)


def _plain(topic: str) -> str:
    """As the page calls a topic."""
    return topic.removeprefix("ecluse.").removesuffix(".v1")


SECTION: Final = re.compile(r'data-live="(?:partitions-)?(\w+)".*?</section>', re.DOTALL)
ROW: Final = re.compile(r'<tr><th scope="row"[^>]*>([^<]*)(.*?)</tr>', re.DOTALL)
BADGE: Final = re.compile(r'<span class="badge[^"]*">(?:<svg.*?</svg>)?([^<]*)<', re.DOTALL)
FIGURE: Final = re.compile(r'<td class="figure"[^>]*><span[^>]*>([^<]*)<')
TITLE: Final = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
OLD: Final = "Personne ne sait en ce moment qui est en retard."


def shown_by_page(page: str) -> Shown:
    """What stands in the page's tables, and whether its first sentence says that all is old."""
    stages: set[Stage] = set()
    rows: dict[Row, PartitionStatus] = {}
    for section in SECTION.finditer(page):
        name = section[1]
        for head, cells in ROW.findall(section[0]):
            badge = BADGE.search(cells)
            if badge is None:
                continue
            state = unescape(badge[1]).strip()
            if name == "stages":
                stages.add((unescape(head).strip(), state))
            elif f'data-live="partitions-{name}"' in section[0]:
                topic, number = head.split()
                _, behind = FIGURE.findall(cells)
                rows[name, topic, int(number)] = PartitionStatus(state, _count(behind))
    title = TITLE.search(page)
    assert title is not None
    return Shown(frozenset(stages), rows, old=OLD in unescape(title[1]))


def _count(text: str) -> int | None:
    """A figure as people read it; a dash is none."""
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits else None
