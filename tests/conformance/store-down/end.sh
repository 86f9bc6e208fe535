#!/bin/sh
# The store goes as by a power cut.
set -eu
./deploy.sh
kill -9 "$STORE_PID"
while curl -s -o /dev/null "$STORE"; do sleep 0.1; done
