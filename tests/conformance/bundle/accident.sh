#!/bin/sh
set -eu
./deploy.sh
cat "$BUNDLE"
