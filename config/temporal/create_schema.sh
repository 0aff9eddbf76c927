#!/bin/sh
# Creates or updates Temporal's two databases. It can be run again at any time: what is there already stays as it is.
# Reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD, as temporal-sql-tool does.
set -eu

for database in temporal:temporal temporal_visibility:visibility; do
    name=${database%%:*}
    schema=postgresql/v12/${database##*:}
    temporal-sql-tool --db "$name" create-database
    temporal-sql-tool --db "$name" setup-schema --version 0.0
    temporal-sql-tool --db "$name" update-schema --schema-name "$schema"
done
