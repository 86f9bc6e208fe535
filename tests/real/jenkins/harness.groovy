/**
 * Runs a Jenkinsfile on stub steps: `sh` really runs, as durable-task runs it.
 *
 * Arguments: the Jenkinsfile, the folder of `vars/`, the log, a JSON file of credential id → text
 * or [user, password]. The environment is the build's. Ends with 1 where the build would fail.
 */
import groovy.json.JsonSlurper

def (jenkinsfile, vars, log, secrets) = args.collect { new File(it) }
def credentials = new JsonSlurper().parse(secrets)
def stack = [[:]] // variables of the blocks that we are in, the innermost last

def within = { Map variables, Closure body ->
  stack << stack.last() + variables
  try { body() } finally { stack.remove(stack.size() - 1) }
}

def secret = { String id ->
  if (!credentials.containsKey(id)) throw new IllegalArgumentException("no credential '$id'")
  credentials[id]
}

def sh = { given ->
  def settings = given instanceof Map ? given : [script: given]
  def script = File.createTempFile('script', '.sh')
  script.text = settings.script
  def builder = new ProcessBuilder('sh', '-xe', script.path)
  builder.environment().putAll(stack.last())
  builder.directory(new File(System.getenv('WORKSPACE')))
  builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log))
  def code = builder.start().waitFor()
  script.delete()
  if (settings.returnStatus) return code
  if (code) throw new Exception("script returned exit code $code")
}

Throwable failure = null
def steps = [
  sh: sh,
  error: { String text -> throw new Exception(text) },
  string: { Map it -> [(it.variable): secret(it.credentialsId)] },
  usernamePassword: { Map it ->
    def (user, password) = secret(it.credentialsId)
    [(it.usernameVariable): user, (it.passwordVariable): password]
  },
  withEnv: { List set, Closure body ->
    within(set.collectEntries { it.toString().split('=', 2).toList() }, body)
  },
  withCredentials: { List bound, Closure body -> within(bound.sum(), body) },
  credentials: secret,
  checkout: { assert it == 'scm' },
  node: { Closure body -> body() },
  stage: { String name, Closure body -> body() },
  // Declarative: `post` runs after the stages whatever became of them, outside of their blocks.
  pipeline: { Closure body -> body(); if (failure) throw failure },
  agent: { assert it == 'any' },
  options: { Closure body -> body() },
  timeout: { Map it -> assert it.time && it.unit },
  environment: { Closure body ->
    def variables = [:]
    body.delegate = variables
    body.resolveStrategy = Closure.DELEGATE_FIRST
    body()
    stack[-1] = stack.last() + variables
  },
  stages: { Closure body -> try { body() } catch (Throwable thrown) { failure = thrown } },
  steps: { Closure body -> body() },
  post: { Closure body -> body() },
  always: { Closure body -> body() },
  any: 'any',
  scm: 'scm',
]

def binding = new Binding(new LinkedHashMap(steps))
def here = new File(getClass().protectionDomain.codeSource.location.toURI()).parentFile
def loader = new GroovyClassLoader(getClass().classLoader)
loader.addClasspath(here.path) // Library.groovy
def shell = new GroovyShell(loader, binding)
vars.eachFileMatch(~/\w+\.groovy/) { file ->
  def step = shell.parse(file)
  binding.setVariable(file.name - '.groovy', { Object... given -> step.call(*given) })
}

try {
  shell.evaluate(jenkinsfile)
} catch (Exception thrown) {
  System.err.println("FAILURE: ${thrown.message}")
  System.exit(1)
}
