#!/bin/bash
# The broker's command in docker-compose.secure.yml. Its first start formats the storage with the
# users that can log in: only then can a broker take passwords before anybody has logged in.
set -euo pipefail

export CLUSTER_ID=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
if [ ! -e "$KAFKA_LOG_DIRS/meta.properties" ]; then
    # The folder of settings is empty at each start.
    cp /etc/kafka/docker/tools-log4j2.yaml /opt/kafka/config/
    # As much of the settings as a format asks for.
    printf '%s\n' "process.roles=broker,controller" "node.id=$KAFKA_NODE_ID" "log.dirs=$KAFKA_LOG_DIRS" \
        "controller.quorum.voters=$KAFKA_CONTROLLER_QUORUM_VOTERS" controller.listener.names=CONTROLLER \
        listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093 >/tmp/format.properties
    users=()
    while read -r user; do
        users+=(--add-scram "$user")
    done </secrets/users
    # It would print each password's verifier into the log.
    /opt/kafka/bin/kafka-storage.sh format -t "$CLUSTER_ID" -c /tmp/format.properties "${users[@]}" \
        >/dev/null
fi
exec /etc/kafka/docker/run
