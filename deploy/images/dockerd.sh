#!/usr/bin/env bash
# A container engine where none answers: installed and started as root on Debian.
#
#   deploy/images/dockerd.sh start|stop|status
# `start` does nothing where an engine answers; `stop` ends only what `start` started.
set -euo pipefail
cd "$(dirname "$0")"
export PATH="$PATH:/usr/sbin:/sbin"

pid_file=/run/ecluse-dockerd.pid
containerd_pid_file=/run/docker/containerd/containerd.pid
policy_file=/run/ecluse-dockerd.forward
log=/var/log/ecluse-dockerd.log
START_S=60
STOP_S=30

say() { echo "dockerd: $*" >&2; }
answers() { timeout 10 docker info >/dev/null 2>&1; }

# The process that a pid file names, if it is that program: after a hard kill the number may be
# anyone's, and a zombie, which has no program any more, is nobody.
alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    case $(readlink "/proc/$pid/exe") in */"$2"*) echo "$pid" ;; *) return 1 ;; esac
}
started_here() { alive "$pid_file" dockerd; }

# Packets that come by the default route must fit: a container's bridge does not learn its size.
mtu() {
    local device
    device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
    cat "/sys/class/net/${device:-none}/mtu" 2>/dev/null || echo 1500
}

launch() {
    # What a hard kill leaves would stop the next engine: "ensure docker is not running", or it
    # would wait for a containerd that is no more.
    started_here >/dev/null || rm -f "$pid_file"
    alive "$containerd_pid_file" containerd >/dev/null || rm -f "$containerd_pid_file"
    # The engine makes DROP of it; `stop` puts back what stood here.
    iptables -S FORWARD 2>/dev/null | awk '/^-P/ { print $3 }' >"$policy_file" || true
    # No proxy: a process and a copy less for each port that is reached.
    setsid nohup dockerd --pidfile "$pid_file" --mtu "$(mtu)" --userland-proxy=false >"$log" 2>&1 </dev/null &
}

start() {
    if answers; then
        say "an engine answers"
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "aucun moteur de conteneurs ne répond : démarrez Docker, ou lancez ceci en root"
        say "no container engine answers: start Docker, or run this as root"
        exit 1
    fi
    ./bring.sh dockerd=docker.io docker=docker.io iptables=iptables
    say "starting …"
    launch
    local waited
    for ((waited = 0; waited < START_S * 4; waited++)); do
        if answers; then
            say "ready"
            return
        fi
        sleep 0.25
    done
    tail -n 20 "$log" >&2
    say "does not answer after ${START_S} s"
    exit 1
}

stop() {
    local pid waited
    pid=$(started_here) || {
        say "none that was started here"
        return
    }
    kill "$pid"
    for ((waited = 0; waited < STOP_S * 4; waited++)); do
        started_here >/dev/null || break
        sleep 0.25
    done
    if started_here >/dev/null; then
        say "does not end after ${STOP_S} s"
        exit 1
    fi
    [ ! -s "$policy_file" ] || iptables -P FORWARD "$(cat "$policy_file")" || true
    rm -f "$pid_file" "$policy_file"
    say "stopped"
}

case ${1:-} in
    start) start ;;
    stop) stop ;;
    status) if answers; then say "an engine answers"; else say "no engine answers"; exit 1; fi ;;
    *) echo "usage: deploy/images/dockerd.sh start|stop|status" >&2; exit 2 ;;
esac
