#!/bin/sh
# Usage: run.sh test PORT            Temporal's test server: in memory, from Maven artifacts
#        run.sh full PORT DATABASE   Temporal's own server with SQLite, built from its Go modules (minutes, once)
# Runs in the foreground on 127.0.0.1; SIGTERM or Ctrl-C stops it. The full one knows the namespace datashare-default.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cli_version=v1.5.1
target=$here/target
mkdir -p "$target"

# Several test suites may start a server at once: one of them builds, the others wait.
locked() {
  if command -v flock >/dev/null; then ( flock 9; "$@" ) 9>"$target/build.lock"; else "$@"; fi
}

resolve_jars() {
  classpath=$target/classpath.txt
  if [ ! -f "$classpath" ] || [ "$here/pom.xml" -nt "$classpath" ]; then
    mvn -q -B -f "$here/pom.xml" dependency:build-classpath -Dmdep.outputFile="$classpath" >&2
  fi
}

build_server() {
  [ -x "$target/$cli_version/temporal" ] || GOBIN=$target/$cli_version GOFLAGS=-p=1 go install "github.com/temporalio/cli/cmd/temporal@$cli_version" >&2
}

case $1 in
  test)
    locked resolve_jars
    exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -cp "$(cat "$target/classpath.txt")" io.temporal.testserver.TestServer "$2"
    ;;
  full)
    locked build_server
    exec "$target/$cli_version/temporal" server start-dev --headless --ip 127.0.0.1 --port "$2" --db-filename "$3" --namespace datashare-default --log-level error
    ;;
esac
