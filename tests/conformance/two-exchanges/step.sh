set +x # what is sourced is not to be shown
ci-secrets exchange --env-file "$WORKSPACE_TMP/first.env"
ci-secrets exchange --env-file "$WORKSPACE_TMP/second.env"
(. "$WORKSPACE_TMP/first.env" && PART=first ./deploy.sh)
(. "$WORKSPACE_TMP/second.env" && PART=second ./deploy.sh)
ci-secrets finish
