"""The first line of `ecluse lag`: the state of the worst stage, and what that means."""

from datetime import datetime
from typing import NamedTuple

from events.lag import Board, State
from events.texts import Translatable, _
from services.cli.commands.inspect.lag_rows import joined_text
from services.lag.client.age import WELL, is_sampled, is_well, wrong_counts
from services.lag.client.merge import Lag
from services.lag.present import texts
from services.lag.present.figures import Moments
from services.lag.present.texts import named
from services.texts.language import Language
from services.texts.translation import translate

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
        stage = {"stage": named(texts.THE_STAGE, "" if worst is None else worst.stage)}
        since = () if worst is None else texts.since_texts(worst, moments.instant)
        text = joined_text(texts.HEADLINES[state].render(stage), *since, by=" ")
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
