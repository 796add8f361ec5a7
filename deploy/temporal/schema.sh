#!/bin/sh
# Makes Temporal's two databases, or brings them up to this version. Done again, it comes to the same. Where and who: SQL_… of the environment.
set -eu
for part in temporal visibility; do
  database=temporal
  [ "$part" = temporal ] || database=temporal_$part
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$part/versioned"
done
