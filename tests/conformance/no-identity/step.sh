ci-secrets exec -- ./deploy.sh
