"""Answers of `POST /events`: the events that were published, with decisions, or tried.

A module of its own, since the OpenAPI document, which is released, names `Published` after it.
"""

from collections.abc import Sequence
from typing import Literal

from fastapi import Response
from pydantic import BaseModel, Field

from services.api.events_in.decisions import Decision
from services.api.events_in.reading import PublishedEvent, SentEvents
from services.api.events_in.trials import ChangedLine, TrialResult


class Published(BaseModel):
    """The published events."""

    published: int
    events: list[PublishedEvent]


class DecidedEvent(PublishedEvent):
    """An event that was kept, with the decision on it."""

    decision: Decision | None = Field(description="Null while it is not known.")


class Decided(Published):
    """The published events with their decisions."""

    events: list[DecidedEvent]  # type: ignore[assignment] # each is a published one too


class TriedEvent(BaseModel):
    """An event that was tried, with the decision that would be made on it."""

    line: int = Field(description="Which line of the request, from 1.")
    id: str
    source: str
    budget: str
    decision: Decision


class DryRun(BaseModel):
    """The outcome of a trial: nothing was published."""

    dry_run: Literal[True] = True
    events: list[TriedEvent]
    woken: int = Field(description="How many events would be decided that wait already.")
    lines: tuple[ChangedLine, ...] = Field(description="The lines whose money would change.")


def answer(content: BaseModel, status: int) -> Response:
    """The answer; where one event was published, with its address as `Location`."""
    response = Response(content.model_dump_json(), status, media_type="application/json")
    if isinstance(content, Published) and len(content.events) == 1:
        response.headers["Location"] = content.events[0].outcome
    return response


def join_decisions(sent: SentEvents, decisions: Sequence[Decision | None]) -> Decided:
    """The events of a request with the decisions that are known."""
    events = [
        DecidedEvent(**dict(each), decision=decision)
        for each, decision in zip(sent.events, decisions, strict=True)
    ]
    return Decided(published=len(events), events=events)


def dry_run_of(sent: SentEvents, result: TrialResult) -> DryRun:
    """The events of a request with the decisions of a trial."""
    events = [
        TriedEvent(**each.model_dump(exclude={"outcome"}), decision=decision)
        for each, decision in zip(sent.events, result.decisions, strict=True)
    ]
    return DryRun(events=events, woken=result.woken, lines=result.lines)
