#!/bin/bash
# Starts a broker once and keeps the classes it loaded. Run while the image is made.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
sed "s|^log.dirs=.*|log.dirs=$work/data|" /etc/kafka/docker/server.properties >"$work/server.properties"
export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/etc/kafka/docker/tools-log4j2.yaml
./kafka-storage.sh format -t 5L6g3nShT-eMCtK--X86sw -c "$work/server.properties"
KAFKA_OPTS=-XX:ArchiveClassesAtExit=/opt/kafka/kafka.jsa ./kafka-server-start.sh "$work/server.properties" >"$work/log" 2>&1 &
broker=$!
for ((waited = 0; waited < 240; waited++)); do
    if ! kill -0 "$broker" 2>/dev/null; then break; fi
    if bash -c '</dev/tcp/localhost/9092' 2>/dev/null; then break; fi
    sleep 0.25
done
# A call of a tool has the broker load what answering takes.
./kafka-topics.sh --bootstrap-server localhost:9092 --create --topic first --partitions 1 || { cat "$work/log"; exit 1; }
kill "$broker"
wait "$broker" || true
test -s /opt/kafka/kafka.jsa || { cat "$work/log"; exit 1; }
rm -rf "$work"
