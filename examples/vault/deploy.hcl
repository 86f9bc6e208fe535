# What a deployment may have, and nothing beside it: no list, no other environment, no write.
path "secret/data/deploy/production" { capabilities = ["read"] }
path "database/creds/app-readonly"   { capabilities = ["read"] }

# Renew what was granted, end it, and see that it has ended. The roles leave the default policy out,
# so all of it stands here.
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self"  { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/leases/lookup"      { capabilities = ["update"] }
path "sys/leases/renew"       { capabilities = ["update"] }
path "sys/leases/revoke"      { capabilities = ["update"] }
