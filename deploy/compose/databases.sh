#!/bin/bash
# Run once by the PostgreSQL image on an empty volume: one database and one role per service, closed to the others.
set -euo pipefail

for service in enrollment supervision assessment payment; do
    variable="PEIBU_${service^^}_DATABASE_PASSWORD"
    : "${!variable:?has no password}"
    # The password is no argument: any user may read those.
    psql -X -v ON_ERROR_STOP=1 -v role="peibu_$service" -v variable="$variable" \
        --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password :variable
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
