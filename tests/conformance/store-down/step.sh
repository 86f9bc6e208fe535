ci-secrets exec -- ./end.sh
