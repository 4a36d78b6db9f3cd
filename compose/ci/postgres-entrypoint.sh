#!/bin/bash
# Makes the database of POSTGRES_DB, owned by POSTGRES_USER, where there is none, and serves it.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 >/dev/null
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
    # Nobody reaches the server before the database is there.
    pg_ctl --wait --silent --options='-c listen_addresses=' start
    [ "$POSTGRES_DB" = postgres ] || createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --wait --silent --mode=fast stop
fi
exec postgres -c listen_addresses='*'
