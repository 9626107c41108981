#!/bin/bash
# The first start makes the database of POSTGRES_USER, POSTGRES_PASSWORD (or the file that
# POSTGRES_PASSWORD_FILE names) and POSTGRES_DB; then the server stands in this process's place.
set -euo pipefail

make_database() {
    local user=${POSTGRES_USER:-postgres} made=$PGDATA.new
    local database=${POSTGRES_DB:-$user}
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
    fi
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "POSTGRES_PASSWORD is not set, and everybody could come in without" >&2
        exit 1
    fi
    # Made beside its place: a start that was interrupted is begun again.
    rm -rf "$made"
    initdb --pgdata="$made" --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
        --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    echo 'host all all all scram-sha-256' >>"$made/pg_hba.conf"
    if [ "$database" != postgres ]; then
        postgres --single -D "$made" postgres <<<"CREATE DATABASE \"${database//\"/\"\"}\"" >/dev/null
    fi
    mv "$made" "$PGDATA"
}

if [ "${1:-}" = postgres ]; then
    [ -s "$PGDATA/PG_VERSION" ] || make_database
fi
exec "$@"
