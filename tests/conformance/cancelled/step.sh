ci-secrets exec -- ./long.sh
