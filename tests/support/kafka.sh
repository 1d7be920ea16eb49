#!/usr/bin/env bash
# A real Apache Kafka (KRaft, on 127.0.0.1, free ports) for tests and for trying things out.
#   kafka.sh fetch            copy the jars into the cache (Maven, once)
#   kafka.sh up [1|3]         start one or three nodes and wait until they serve
#   kafka.sh env              print KAFKA_BOOTSTRAP_SERVERS=... of the running cluster
#   kafka.sh down             stop it and delete its data
#   kafka.sh format DIR 1|3   write configuration and formatted storage into DIR, start nothing
#   kafka.sh run DIR NODE     become node NODE of DIR (exec, logs to standard error)
# SLUICE_KAFKA_LIBS  folder of the jars    (default ~/.cache/sluice/kafka-4.1.1/libs)
# SLUICE_KAFKA_DIR   state of up and down  (default build/kafka of the source tree)
# SLUICE_KAFKA_JAVA  options of the JVM    (default -Xmx300m with the serial collector)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
libs=${SLUICE_KAFKA_LIBS:-$HOME/.cache/sluice/kafka-4.1.1/libs}
state=${SLUICE_KAFKA_DIR:-$here/../../build/kafka}
java_options=${SLUICE_KAFKA_JAVA:--Xms96m -Xmx300m -XX:+UseSerialGC}

die() { echo "kafka.sh: $*" >&2; exit 1; }

has_jars() { compgen -G "$libs/kafka_2.13-*.jar" >/dev/null && [ -e "$libs/.complete" ]; }

fetch() {
  has_jars && return
  command -v mvn >/dev/null || die "mvn is missing (apt install maven)"
  mkdir -p "$libs"
  (flock 9; has_jars || {
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs"
    touch "$libs/.complete"
  }) 9>"$libs/.lock"
}

run_java() { java $java_options -cp "$libs/*" "$@"; }

# A port nobody listens on, outside the range the kernel gives out by itself.
free_port() {
  local port
  while :; do
    port=$((10000 + (RANDOM * 32768 + RANDOM) % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# Kafka's uuids: 16 random bytes in URL-safe base64, not beginning with '-'.
new_id() {
  local id
  while id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '='); [[ $id == -* ]]; do :; done
  echo "$id"
}

write_config() { # DIR NODE NODES BROKER_PORT CONTROLLER_PORT QUORUM
  local replicas=$3
  cat >"$1/node$2.properties" <<PROPERTIES
process.roles=broker,controller
node.id=$2
listeners=PLAINTEXT://127.0.0.1:$4,CONTROLLER://127.0.0.1:$5
advertised.listeners=PLAINTEXT://127.0.0.1:$4
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=$6
log.dirs=$1/node$2
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$((replicas == 3 ? 2 : 1))
min.insync.replicas=$((replicas == 3 ? 2 : 1))
default.replication.factor=$replicas
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
group.initial.rebalance.delay.ms=0
PROPERTIES
  [ "$replicas" = 1 ] || printf 'broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\n' >>"$1/node$2.properties"
}

format() { # DIR NODES
  local dir nodes=$2 node id quorum="" controllers="" bootstrap=""
  [[ $nodes == 1 || $nodes == 3 ]] || die "one node or three"
  has_jars || die "the jars are missing: run '$0 fetch'"
  command -v java >/dev/null || die "java is missing (apt install openjdk-17-jre-headless)"
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  local -a broker_ports controller_ports
  for ((node = 1; node <= nodes; ++node)); do
    broker_ports[node]=$(free_port)
    controller_ports[node]=$(free_port)
    quorum+="${quorum:+,}127.0.0.1:${controller_ports[node]}"
    controllers+="${controllers:+,}$node@127.0.0.1:${controller_ports[node]}:$(new_id)"
    bootstrap+="${bootstrap:+,}127.0.0.1:${broker_ports[node]}"
  done
  id=$(new_id)
  local -a formats=()
  for ((node = 1; node <= nodes; ++node)); do
    write_config "$dir" "$node" "$nodes" "${broker_ports[node]}" "${controller_ports[node]}" "$quorum"
    local -a how=(--standalone)
    [ "$nodes" = 1 ] || how=(--initial-controllers "$controllers")
    run_java -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format -t "$id" "${how[@]}" -c "$dir/node$node.properties" \
      >"$dir/format$node.log" 2>&1 &
    formats+=($!)
  done
  for job in "${formats[@]}"; do
    wait "$job" || { cat "$dir"/format*.log >&2; die "the storage could not be formatted"; }
  done
  echo "$bootstrap" >"$dir/bootstrap"
}

run_node() { # DIR NODE
  # shellcheck disable=SC2086
  exec java $java_options -cp "$libs/*" kafka.Kafka "$1/node$2.properties"
}

up() { # NODES
  local nodes=$1 node
  [ ! -e "$state/bootstrap" ] || { echo "already up: $(cat "$state/bootstrap")"; return; }
  fetch
  format "$state" "$nodes"
  for ((node = 1; node <= nodes; ++node)); do
    setsid "$0" run "$state" "$node" >"$state/node$node.log" 2>&1 </dev/null &
    echo $! >"$state/node$node.pid"
  done
  for ((node = 1; node <= nodes; ++node)); do
    for ((i = 0; ; ++i)); do
      grep -q 'Kafka Server started' "$state/node$node.log" && break
      if [ "$i" = 600 ] || ! kill -0 "$(cat "$state/node$node.pid")" 2>/dev/null; then
        tail -20 "$state/node$node.log" >&2
        down
        die "node $node did not start"
      fi
      sleep 0.1
    done
  done
  env_lines
}

# The last nodes have no quorum left for a clean shutdown: five seconds, then by force.
down() {
  local pids=() file i
  for file in "$state"/node*.pid; do [ -e "$file" ] && pids+=("$(cat "$file")"); done
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  for ((i = 0; i < 50; ++i)); do
    [ ${#pids[@]} != 0 ] && kill -0 "${pids[@]}" 2>/dev/null || break
    sleep 0.1
  done
  [ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" 2>/dev/null || true
  [ ! -e "$state/node1.properties" ] || rm -rf "$state"
}

env_lines() {
  [ -e "$state/bootstrap" ] || die "not up"
  echo "KAFKA_BOOTSTRAP_SERVERS=$(cat "$state/bootstrap")"
}

case ${1:-} in
  fetch) fetch ;;
  up) up "${2:-1}" ;;
  env) env_lines ;;
  down) down ;;
  format) [ $# = 3 ] || die "format DIR 1|3"; format "$2" "$3" ;;
  run) [ $# = 3 ] || die "run DIR NODE"; run_node "$2" "$3" ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
