#!/bin/sh
set -eu
./deploy.sh
printf 'plain <%s>\n' "$AWKWARD"
printf 'hidden <%s>\n' "$(printf %s "$AWKWARD" | base64 -w0)"
