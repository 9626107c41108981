#!/usr/bin/env bash
# The images that the stack and the tests stand on, where no image registry has them: equivalents
# of the official ones, made from this machine's Debian mirror and Maven. For this machine's own
# use, never pushed: they hold its extra certificates.
#
#   deploy/images/build-local.sh        as root on Debian, where a container engine answers
# Does nothing for a tag that was pulled, and nothing where its inputs have not changed.
set -euo pipefail
cd "$(dirname "$0")"

suite=trixie
base=ecluse-base:trixie
PULL_S=600
export DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain

say() { echo "images: $*" >&2; }
work=$(mktemp -d)
# What is being built beside us ends first.
trap 'wait; rm -rf "$work"' EXIT

# Long steps say one line; what they print is shown only where they fail.
quietly() {
    local log
    log=$(mktemp -p "$work")
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 40 "$log" >&2
        say "failed: $*"
        exit 1
    fi
}
fingerprint() { sha256sum | cut -c1-64; }
contents() { find "$@" -type f | LC_ALL=C sort | xargs sha256sum | sed "s|$work||"; }
label() { docker image inspect --format '{{index .Config.Labels "local.inputs"}}' "$1" 2>/dev/null; }

# Whether TAG is to be made from INPUTS: not where it was pulled, can be, or is made already.
is_due() {
    local tag=$1 inputs=$2 made_from
    if made_from=$(label "$tag"); then
        [ -n "$made_from" ] && [ "$made_from" != "$inputs" ]
    elif [ "$tag" != "$base" ] && timeout "$PULL_S" docker pull -q "$tag" >/dev/null 2>&1 </dev/null; then
        say "$tag pulled"
        return 1
    fi
}

base_inputs=$({
    ./debian-sources.sh "$suite" "$work/sources"
    contents "$work/sources" debian debian-sources.sh
    find /usr/local/share/ca-certificates -name '*.crt' -exec sha256sum {} + | LC_ALL=C sort
    uname -m
} | fingerprint)

make_base() {
    is_due "$base" "$base_inputs" || return 0
    ./bring.sh debootstrap=debootstrap
    say "Debian $suite (under a minute) …"
    quietly debian/make-root.sh "$suite" "$work/root"
    tar -C "$work/root" -c . | docker import --change "LABEL local.inputs=$base_inputs" \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        --change 'CMD ["bash"]' - "$base" >/dev/null
    rm -rf "$work/root"
}

# make TAG INPUTS CONTEXT FOLDER
make_image() {
    say "$1 …"
    quietly docker build --build-arg "BASE=$base" --label "local.inputs=$2" -t "$1" -f "$4/Dockerfile" "$3"
}

# The same folder and stamp as services/dev/local_broker.py: whoever comes first fetches.
fetch_jars() {
    local folder=../kafka stamp
    stamp=$(fingerprint <"$folder/pom.xml")
    [ "$(cat "$folder/libs/.pom" 2>/dev/null)" != "$stamp" ] || return 0
    ./bring.sh mvn=maven
    say "Kafka's jars …"
    rm -rf "$folder/libs"
    quietly mvn -q -B -C -f "$folder/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$(realpath "$folder")/libs"
    echo "$stamp" >"$folder/libs/.pom"
}

make_kafka() {
    fetch_jars
    make_image "$kafka" "$kafka_inputs" .. kafka
}

python=python:3.13-slim-trixie
python_inputs=$({ echo "$base_inputs"; contents python; } | fingerprint)
kafka=apache/kafka:4.4.0
kafka_inputs=$({ echo "$base_inputs"; contents kafka ../kafka/pom.xml; } | fingerprint)
postgres=postgres:18
postgres_inputs=$({ echo "$base_inputs"; contents postgres; } | fingerprint)
prometheus=prom/prometheus:v2.53.3
prometheus_inputs=$({ echo "$base_inputs"; contents prometheus; } | fingerprint)

# Kafka and the others know nothing of each other: side by side.
kafka_job=
if is_due "$kafka" "$kafka_inputs"; then
    make_base
    make_kafka &
    kafka_job=$!
fi
if is_due "$python" "$python_inputs"; then
    make_base
    make_image "$python" "$python_inputs" python python
fi
if is_due "$postgres" "$postgres_inputs"; then
    make_base
    make_image "$postgres" "$postgres_inputs" postgres postgres
fi
if is_due "$prometheus" "$prometheus_inputs"; then
    make_base
    make_image "$prometheus" "$prometheus_inputs" prometheus prometheus
fi
[ -z "$kafka_job" ] || wait "$kafka_job"
say "$python, $kafka, $postgres and $prometheus are there"
