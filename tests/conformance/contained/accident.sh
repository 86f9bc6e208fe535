#!/bin/sh
set -eu
./deploy.sh
echo "plain $API_KEY"
echo "hidden $(printf %s "$DB_PASSWORD" | base64 -w0 | base64 -w0)"
