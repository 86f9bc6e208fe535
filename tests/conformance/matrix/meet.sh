#!/bin/sh
# Uses its values while the other job has its own.
set -eu
./deploy.sh
until test -e "$PROBE.web" && test -e "$PROBE.api"; do sleep 0.1; done
./deploy.sh
