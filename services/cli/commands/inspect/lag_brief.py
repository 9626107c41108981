"""`ecluse lag --brief`: a line for each consumer, for a pager, a cron job or a small window."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from events.lag import Stage
from events.texts import Translatable, _, verbatim
from services.cli.commands.inspect.lag_headline import headline
from services.cli.commands.inspect.lag_rows import joined_text
from services.lag.client.age import WELL, is_sampled
from services.lag.client.merge import Lag
from services.lag.present import texts
from services.lag.present.figures import Moments, count
from services.lag.present.texts import named
from services.texts.language import Language
from services.texts.translation import translate

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
            first = joined_text(first, check, reader.runbook(texts.OLD), by=" ")
        yield translate(first, language)
    for each in board.stages:
        line = _figures(each, board.sampled_at, Moments(now))
        if is_of_now and each.state not in WELL:
            runbook = reader.runbook(texts.RUNBOOKS[each.state])
            rule = named(texts.RULES, each.rule)
            line = joined_text(line, rule, texts.remedy(each), runbook, by=" ")
        yield translate(line, language)


def _figures(stage: Stage, seen_at: datetime | None, moments: Moments) -> Translatable:
    facts = {
        "stage": named(texts.STAGES, stage.stage),
        "state": _state(stage, moments),
        "behind": count(stage.behind),
        "oldest": moments.oldest(stage, moments.aged),
        "at": moments.instant(seen_at),
    }
    return (WELL_LINE if stage.behind == 0 else LINE).render(facts)


def _state(stage: Stage, moments: Moments) -> Translatable | str:
    """`STOPPED since 02:40:11`, where that is known."""
    if stage.state_since is None:
        return stage.state
    facts = {"state": stage.state, "instant": moments.instant(stage.state_since)}
    return STATE_SINCE.render(facts)
