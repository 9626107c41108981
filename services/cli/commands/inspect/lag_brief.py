"""`ecluse lag --brief`: a line for each consumer, for a pager, a cron job or a small window."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from events.lag import Stage
from events.texts import Translatable, _
from services.cli.commands.inspect.lag_headline import headline
from services.cli.commands.inspect.lag_rows import in_a_row
from services.lag.client.age import WELL, is_sampled
from services.lag.client.merge import Lag
from services.lag.present import texts
from services.lag.present.figures import Moments, count
from services.lag.present.texts import named
from services.texts.language import Language
from services.texts.translation import translate

WELL_LINE: Final = _("{stage}: {state}, nothing behind; seen at {at}.")
LINE: Final = _("{stage}: {state}, {behind} behind, the oldest {oldest}; seen at {at}.")
RUNBOOK: Final = _("Runbook: /console/help/{runbook} on the console.")
CHECK_WATCH: Final = _("Check that `ecluse watch` runs, and has not been stopped.")
SILENT_WATCH: Final = _("{address}: {fault}.")


def brief_lines(
    lag: Lag, silent: Iterable[tuple[str, Translatable]], now: datetime, language: Language
) -> Iterator[str]:
    """The lines; `silent` are the watches that do not answer, each with its error.

    A line more comes first where no stage shows why the exit code is not 0.
    """
    for address, fault in silent:
        yield translate(SILENT_WATCH.render({"address": address, "fault": fault}), language)
    board = lag.board
    if board is None:
        return
    is_of_now = lag.old_since is None and is_sampled(board, now)
    is_explained = is_of_now and any(each.state not in WELL for each in board.stages)
    if not lag.is_well(now) and not is_explained:
        line = headline(lag, board, now).line(language)
        if not is_of_now:
            check = CHECK_WATCH if lag.old_since is not None else texts.CHECK_KAFKA
            runbook = RUNBOOK.render({"runbook": texts.OLD})
            line = translate(in_a_row(line, check, runbook, by=" "), language)
        yield line
    for each in board.stages:
        yield translate(_line(each, board.sampled_at, Moments(now), advises=is_of_now), language)


def _line(
    stage: Stage, seen_at: datetime | None, moments: Moments, *, advises: bool
) -> Translatable:
    facts = {
        "stage": named(texts.STAGES, stage.stage),
        "state": stage.state,
        "behind": count(stage.behind),
        "oldest": moments.aged(stage.oldest_event_at),
        "at": moments.instant(seen_at),
    }
    figures = (WELL_LINE if stage.behind == 0 else LINE).render(facts)
    if stage.state in WELL or not advises:
        return figures
    rule = named(texts.RULES, stage.rule)
    runbook = RUNBOOK.render({"runbook": texts.RUNBOOKS[stage.state]})
    return in_a_row(figures, rule, texts.remedy(stage), runbook, by=" ")
