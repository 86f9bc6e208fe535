ci-secrets exec -- ./meet.sh
