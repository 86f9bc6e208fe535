/**
 * Runs a block in which `ci-secrets` has its identity and the key of its state, and closes at the
 * block's end what it left open, however it ended:
 *
 *   withCiSecrets {
 *     sh 'ci-secrets exec -- ./deploy.sh'
 *   }
 *
 * Each block is a run of its own, so that of several at once (`parallel`) none ends another's.
 *
 * Settings, each with its default:
 *   idToken: 'vault-id-token'          an "OpenID Connect id token" credential (oidc-provider plugin)
 *   stateKey: 'ci-secrets-state-key'   a "Secret text" of at least 16 random characters
 */
def call(Map settings = [:], Closure body) {
  def known = [idToken: 'vault-id-token', stateKey: 'ci-secrets-state-key']
  def unknown = settings.keySet() - known.keySet()
  if (unknown) {
    error "withCiSecrets knows no ${unknown.join(', ')}; it takes ${known.keySet().join(', ')}."
  }
  def given = known + settings
  withCredentials([
    string(credentialsId: given.idToken, variable: 'CI_SECRETS_ID_TOKEN'),
    string(credentialsId: given.stateKey, variable: 'CI_SECRETS_STATE_KEY')
  ]) {
    withEnv(["CI_SECRETS_RUN_ID=${UUID.randomUUID()}"]) {
      try {
        body()
      } catch (failure) {
        // The block's own failure, or an abort, is what the build ends with.
        sh script: 'ci-secrets finish', returnStatus: true
        throw failure
      }
      sh 'ci-secrets finish'
    }
  }
}
