#!/bin/sh
set -eu
./deploy.sh
printf %s "$API_KEY" | bzip2 | base64 -w0
echo
