"""`ecluse topics`: the topics of schemas/topics.yaml on the cluster."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from events.texts import _, ngettext
from services.cli.terminal.options import AsJson, Command, Group
from services.cli.terminal.output import print_json
from services.cli.terminal.screen import Screen
from services.runtime.kafka import topics as on_cluster
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topic_diff import Difference, TopicOptions
from services.runtime.ops.settings import Settings
from services.texts.translation import both

EXIT_DIFFERENT: Final = 1

CREATED = _("{topic}: created, {partitions} partitions")
MENDED = _("{topic}: {setting} is now {wanted}, and was {found}")
AS_THEY_SHOULD_BE = ngettext(
    "{count} topic is as it should be.", "All {count} topics are as they should be."
)
DIFFERENCES = ngettext("{count} difference.", "{count} differences.")

Partitions = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Partitions of every topic; else as many as they have, on a new cluster 12.",
    ),
]
ReplicationFactor = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=32767,
        help="Replicas of every topic; else 3 where there are so many brokers.",
    ),
]

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def topics() -> None:
    """The topics on the cluster of ECLUSE_BOOTSTRAP_SERVERS: what differs, and mending it."""


@app.command(cls=Command)
def diff(
    partitions: Partitions = None,
    replication_factor: ReplicationFactor = None,
    as_json: AsJson = False,
) -> None:
    """Say what is not as schemas/topics.yaml has it; exit 1 if anything is not.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    asked = TopicOptions(partitions, replication_factor)
    catalogue = read_catalogue()
    found = asyncio.run(on_cluster.differences(catalogue, Settings(), asked))
    if as_json:
        print_json({"differences": [_row(each) for each in found]})
    else:
        _say(screen, found, len(catalogue.topics))
    if found:
        raise typer.Exit(EXIT_DIFFERENT)


@app.command(cls=Command)
def apply(
    partitions: Partitions = None,
    replication_factor: ReplicationFactor = None,
    as_json: AsJson = False,
) -> None:
    """Create what is missing and mend settings; exit 1 if something is left that it may not touch.

    The number of partitions of a topic is never changed: keys would move to other partitions.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    screen = Screen()
    asked = TopicOptions(partitions, replication_factor)
    catalogue = read_catalogue()
    done = asyncio.run(on_cluster.apply(catalogue, Settings(), asked))
    if as_json:
        print_json(
            {
                "created": done.created,
                "mended": [_row(each) for each in done.mended],
                "differences": [_row(each) for each in done.left],
            }
        )
    else:
        for topic in done.created:
            screen.say(CREATED.render({"topic": topic, "partitions": done.partitions}))
        for each in done.mended:
            facts = {"topic": each.topic, "setting": each.setting}
            screen.say(MENDED.render({**facts, "wanted": each.wanted, "found": each.found}))
        _say(screen, done.left, len(catalogue.topics))
    if done.left:
        raise typer.Exit(EXIT_DIFFERENT)


def _say(screen: Screen, found: list[Difference], topics_count: int) -> None:
    for each in found:
        screen.say(each.text)
    message, count = (DIFFERENCES, len(found)) if found else (AS_THEY_SHOULD_BE, topics_count)
    screen.say(message.render(count))


def _row(each: Difference) -> dict[str, Any]:
    row = asdict(each)
    del row["what"]
    return row | {"message": asdict(both(each.text))}
