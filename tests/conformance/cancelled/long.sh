#!/bin/sh
set -eu
./deploy.sh
exec sleep 600
