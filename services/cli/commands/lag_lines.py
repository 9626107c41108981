"""Rows, headline and brief lines of `ecluse lag`."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from events.lag import Board, Partition, Stage, State
from events.texts import Translatable, _, verbatim
from services.lag.document import WELL, Lag, is_sampled, is_well, wrong_counts
from services.lag.judge.model import earliest, total
from services.lag.present import texts
from services.lag.present.headline import UNKNOWN, Moments, count, duration_text, short_topic
from services.lag.present.texts import name_code
from services.texts.language import Language
from services.texts.translation import translate

ARROWS: Final = {"up": " ↑", "down": " ↓", "level": " →"}
RUNNING: Final = "running"


class Row(NamedTuple):
    """One partition, or several of one state, one owner and no backlog."""

    partitions: Sequence[Partition]

    @property
    def places(self) -> Translatable:
        """`events/0–3`, the partitions of each topic on a line."""
        return join_text(*_places(self.partitions))

    @property
    def state(self) -> State:
        return self.partitions[0].state

    @property
    def position(self) -> int | None:
        """The committed offsets, added up as for a stage."""
        return total(each.committed for each in self.partitions)

    @property
    def end(self) -> int | None:
        return total(each.end for each in self.partitions)

    @property
    def behind(self) -> int | None:
        return self.partitions[0].behind

    @property
    def oldest_event_at(self) -> datetime | None:
        return earliest(each.oldest_event_at for each in self.partitions)

    @property
    def waits_since(self) -> datetime | None:
        return self.partitions[0].waits_since

    @property
    def trend(self) -> str | None:
        return self.partitions[0].trend

    @property
    def drain_s(self) -> float | None:
        return self.partitions[0].drain_s

    @property
    def owner(self) -> Translatable:
        """The owner, with its activity unless it is running: without one that is of the past."""
        first = self.partitions[0]
        if first.owner is None:
            return verbatim(UNKNOWN)
        if first.doing is None or first.doing == RUNNING:
            return verbatim(first.owner)
        return join_text(first.owner, name_code(texts.DOING, first.doing))


def rows_of(stage: Stage) -> list[Row]:
    """The partitions of a stage in rows; one that has something to read stands alone."""
    rows: dict[object, list[Partition]] = {}
    for each in stage.partitions:
        alike = (each.state, each.owner, each.doing, each.behind)
        alone = (each.topic, each.partition)
        rows.setdefault(alone if each.behind or each.held else alike, []).append(each)
    return [Row(each) for each in rows.values()]


def place(partition: Partition) -> str:
    """`events/0`: the short topic and the number of a partition."""
    return f"{short_topic(partition.topic)}/{partition.partition}"


def progress(
    row: Stage | Row,
    position: int | None,
    end: int | None,
    oldest: Translatable | str,
) -> Sequence[object]:
    """Position, end, backlog, its oldest event and the time to drain: none where all is done."""
    behind = count(row.behind)
    trend = ARROWS.get(row.trend or "", "") if row.behind else ""
    waits: Sequence[object] = ("", "")
    if row.oldest_event_at is not None or row.behind != 0:
        waits = (oldest, duration_text(row.drain_s))
    facts = {"behind": behind, "trend": trend}
    return count(position), count(end), Translatable("{behind}{trend}", facts), *waits


def join_text(*facts: object, by: str = "\n") -> Translatable:
    """Facts below one another, or with something else between them."""
    numbered = {f"line{number}": fact for number, fact in enumerate(facts)}
    return Translatable(by.join(f"{{{name}}}" for name in numbered), numbered)


def _places(partitions: Iterable[Partition]) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    for each in partitions:
        numbers.setdefault(short_topic(each.topic), []).append(each.partition)
    for topic, found in numbers.items():
        yield f"{topic}/{', '.join(_ranges(sorted(found)))}"


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    """`0–3`, `7`: numbers that follow each other together."""
    first = numbers[0]
    for number, following in zip(numbers, (*numbers[1:], None), strict=True):
        if following != number + 1:
            yield str(first) if first == number else f"{first}–{number}"
            first = number if following is None else following


GOOD, UNSURE, BAD = "bold green", "bold yellow", "bold red"


class Headline(NamedTuple):
    """The state, its meaning, and the style of the line on a terminal."""

    state: State
    meaning: Translatable
    style: str

    def line(self, language: Language) -> str:
        """`BROKEN. The ledger cannot go on, on one partition at least.`."""
        meaning = translate(self.meaning, language)
        return f"{self.state}. {meaning[:1].upper()}{meaning[1:]}"


def headline(lag: Lag, board: Board, now: datetime) -> Headline:
    """The line by the present answers of the watches; by old ones it says that they are old."""
    moments = Moments(now)
    if lag.old_since is not None:
        text = _(
            "The watch stands at {instant} ({age}): nothing is known of now. What follows was so "
            "then."
        )
        return Headline(State.UNKNOWN, text.render(moments.moment(board.at)), BAD)
    state = board.state
    if not is_sampled(board, now):
        return Headline(State.UNKNOWN, _unseen(board, moments), BAD)
    if state not in WELL:
        worst = next((each for each in board.stages if each.state == state), None)
        stage = {"stage": name_code(texts.THE_STAGE, "" if worst is None else worst.stage)}
        since = () if worst is None else texts.explain_since(worst, moments.instant)
        text = join_text(texts.HEADLINES[state].render(stage), *since, by=" ")
        return Headline(state, text, BAD)
    if is_well(board, now):
        return Headline(state, texts.MEANS[state], GOOD)
    if any(wrong_counts(board)):
        return Headline(state, _("Each stage goes on, but not all adds up."), BAD)
    text = _("Each stage goes on; whether all adds up is not known yet.")
    return Headline(state, text, UNSURE)


def _unseen(board: Board, moments: Moments) -> Translatable:
    """The time of the last sample of the groups."""
    if board.sampled_at is None:
        return _("The groups have not been seen yet: Kafka has not answered.")
    text = _("The groups were last seen at {instant} ({age}): Kafka is silent, or the watch hangs.")
    return text.render(moments.moment(board.sampled_at))


WELL_LINE: Final = _("{stage}: {state}, nothing behind; seen at {at}.")
LINE: Final = _("{stage}: {state}, {behind} behind, the oldest {oldest}; seen at {at}.")
STATE_SINCE: Final = _("{state} since {instant}")
RUNBOOK: Final = _("Runbook: /console/help/{runbook} on the console.")
RUNBOOK_AT: Final = _("Runbook: {console}/console/help/{runbook}")
CHECK_WATCH: Final = _("Check that `ecluse watch` runs, and has not been stopped.")
SILENT_WATCH: Final = _("{address}: {fault}.")


class Reader(NamedTuple):
    """The reader of the lines: the language, and the address of the console, if it is known."""

    language: Language
    console: str | None

    def runbook(self, name: str) -> Translatable:
        """The address of a runbook."""
        text = RUNBOOK if self.console is None else RUNBOOK_AT
        return text.render({"runbook": name, "console": (self.console or "").rstrip("/")})


def brief_lines(
    lag: Lag, silent: Iterable[tuple[str, Translatable]], now: datetime, reader: Reader
) -> Iterator[str]:
    """The lines; `silent` are the watches that do not answer, each with its error.

    A line more comes first where no stage shows why the exit code is not 0.
    """
    language = reader.language
    for address, fault in silent:
        yield translate(SILENT_WATCH.render({"address": address, "fault": fault}), language)
    board = lag.board
    if board is None:
        return
    is_of_now = lag.old_since is None and is_sampled(board, now)
    is_explained = is_of_now and any(each.state not in WELL for each in board.stages)
    if not lag.is_well(now) and not is_explained:
        first = verbatim(headline(lag, board, now).line(language))
        if not is_of_now:
            check = CHECK_WATCH if lag.old_since is not None else texts.CHECK_KAFKA
            first = join_text(first, check, reader.runbook(texts.OLD), by=" ")
        yield translate(first, language)
    for each in board.stages:
        line = _figures(each, board.sampled_at, Moments(now))
        if is_of_now and each.state not in WELL:
            runbook = reader.runbook(texts.RUNBOOKS[each.state])
            rule = name_code(texts.RULES, each.rule)
            line = join_text(line, rule, texts.remedy(each), runbook, by=" ")
        yield translate(line, language)


def _figures(stage: Stage, seen_at: datetime | None, moments: Moments) -> Translatable:
    facts = {
        "stage": name_code(texts.STAGES, stage.stage),
        "state": _state(stage, moments),
        "behind": count(stage.behind),
        "oldest": moments.oldest(stage, moments.format_with_age),
        "at": moments.instant(seen_at),
    }
    return (WELL_LINE if stage.behind == 0 else LINE).render(facts)


def _state(stage: Stage, moments: Moments) -> Translatable | str:
    """`STOPPED since 02:40:11`, where that is known."""
    if stage.state_since is None:
        return stage.state
    facts = {"state": stage.state, "instant": moments.instant(stage.state_since)}
    return STATE_SINCE.render(facts)
