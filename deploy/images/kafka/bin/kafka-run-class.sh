#!/bin/bash
# Runs a class of Kafka: kafka-run-class.sh CLASS ARGUMENT…
set -eu
# Spelled out in a fixed order: the class archive holds for this very class path.
jars=(/opt/kafka/libs/*.jar)
classpath=$(IFS=:; echo "${jars[*]}")
archive=/opt/kafka/kafka.jsa
# shellcheck disable=SC2206 # words of options
options=(
    ${KAFKA_HEAP_OPTS:--Xmx256M}
    ${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:+ExplicitGCInvokesConcurrent}
    -Djava.awt.headless=true -Dkafka.logs.dir=/opt/kafka/logs
    ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/opt/kafka/config/tools-log4j2.yaml}
    ${KAFKA_OPTS:-}
)
# Another collector than the archive's only makes Java leave it aside.
[ ! -f "$archive" ] || options+=("-XX:SharedArchiveFile=$archive" -Xlog:disable -Xlog:all=error:stderr)
exec java "${options[@]}" -cp "$classpath" "$@"
