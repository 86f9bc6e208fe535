#!/bin/sh
# Tells Vault of one CI: `./apply.sh github`. For whoever administers it; VAULT_ADDR and a login are
# taken for granted. Put your own ids and URLs into the files before.
set -eu
ci=$1
cd "$(dirname "$0")"

vault policy write deploy deploy.hcl

# A mount of its own for each CI, for one mount trusts one issuer.
vault auth list -format=json | grep -q "\"$ci/\"" || vault auth enable -path="$ci" jwt
vault write "auth/$ci/config" @"$ci/config.json"

for file in "$ci"/*.json; do
  role=$(basename "$file" .json)
  [ "$role" = config ] || vault write "auth/$ci/role/$role" @"$file"
done
