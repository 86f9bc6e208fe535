#!/bin/sh
# Uses what it was given, and tells the test of it in a file that no log shows.
set -eu
PGPASSWORD=$DB_PASSWORD psql -XqAt -h "$DB_HOST" -p "$DB_PORT" -U "$DB_USER" -d postgres -c "SELECT 'deployed'"
given=$PROBE${PART:+.$PART}
{
  env -0 | grep -z -E '^(API_KEY|DB_USER|DB_PASSWORD|AWKWARD)='
  test -z "${BUNDLE:-}" || { printf BUNDLE= && cat "$BUNDLE" && printf '\0'; }
} >"$given.part"
mv "$given.part" "$given"
