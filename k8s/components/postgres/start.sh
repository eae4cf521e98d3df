#!/bin/bash
# Starts PostgreSQL from the volume, which is made when it is empty, and gives each role the password of the Secret: so a changed
# Secret counts from the next start.
set -euo pipefail

PATH=$(printf '%s:' /usr/lib/postgresql/*/bin)$PATH
data=/var/lib/postgresql/dragoman
settings=(-c unix_socket_directories=/run/postgresql -c password_encryption=scram-sha-256 -c dynamic_shared_memory_type=mmap)

# Without a server: no port is open, and nobody waits for anything. One statement is one line.
sql() { postgres --single -j -D "$1" "${settings[@]}" -c exit_on_error=on "$2" >/dev/null; }
quoted() { printf "'%s'" "${1//\'/\'\'}"; }

if [ ! -e "$data" ]; then
  rm -rf "$data.new"
  initdb -D "$data.new" -U dragoman_admin --auth=trust --encoding=UTF8 --no-locale --no-instructions
  printf '%s;\n\n' 'CREATE ROLE dragoman_migrate LOGIN' 'CREATE ROLE dragoman_web LOGIN' \
    'CREATE DATABASE dragoman OWNER dragoman_migrate' 'REVOKE ALL ON DATABASE dragoman FROM PUBLIC' \
    'GRANT CONNECT ON DATABASE dragoman TO dragoman_web' | sql "$data.new" postgres
  mv "$data.new" "$data"
fi
printf '%s;\n\n' "ALTER ROLE dragoman_migrate PASSWORD $(quoted "$MIGRATE_PASSWORD")" \
  "ALTER ROLE dragoman_web PASSWORD $(quoted "$WEB_PASSWORD")" | sql "$data" postgres
unset WEB_PASSWORD MIGRATE_PASSWORD

# Whoever is in this pod has the files anyway, so its own socket asks no password.
cat > "$data/pg_hba.conf" <<HBA
local all      all                              trust
host  dragoman dragoman_web,dragoman_migrate all scram-sha-256
HBA
exec postgres -D "$data" "${settings[@]}" -c listen_addresses='*' -c max_connections=200 -c shared_buffers=128MB \
  -c log_min_error_statement=panic
