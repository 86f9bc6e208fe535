ci-secrets exec -- ./accident.sh
