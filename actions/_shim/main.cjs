"use strict";
// What every action runs. It finds a Python, gives it the pinned packages in a place of their own,
// and runs ci-secrets with it:
//
//     inputs  →  CI_SECRETS_* variables  →  ci-secrets COMMAND, isolated (python -I)  →  its exit code
//
// Between `main` and `post` only the key of the sealed state is handed on, in the action's own state.
// No npm packages; Node 20 or newer.

const { spawn, spawnSync } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "../..");
const REQUIREMENTS = path.join(ROOT, "requirements", "runtime.txt");
const OLDEST = [3, 11];
const NAMES = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];
const PROBE = "import sys; print(*sys.version_info[:2], sys.executable, sys.version, sep='\\n')";
const OF_THE_SHIM = ["PYTHON", "WHEELHOUSE", "CACHE-DIR", "STATE-KEY", "PATHS"];
const GITHUB = { CI_SECRETS_PLATFORM: "github" };
const USAGE = 2, CONFIG = 3, UNREACHABLE = 6; // of docs/exit-codes.md

class Stop extends Error {
  constructor(code, what, advice = "") {
    super(what);
    Object.assign(this, { code, advice });
  }
}

/** An input as it was given; empty where it was not. The runner keeps dashes in its variables. */
function input(name) {
  return (process.env[`INPUT_${name.toUpperCase()}`] || "").trim();
}

function temp() {
  const folder = process.env.RUNNER_TEMP;
  if (!folder) throw new Stop(USAGE, "RUNNER_TEMP is not set: this is no job of GitHub Actions.");
  return folder;
}

/** Appends to one of the runner's files. What is put there never holds a newline. */
function tell(variable, line) {
  fs.appendFileSync(process.env[variable], `${line}${os.EOL}`);
}

// ---- a Python ----

/** A program by its name. Only from absolute folders of PATH: `.` would be the checkout. */
function onPath(name) {
  if (path.isAbsolute(name)) return [name];
  const folders = (process.env.PATH || "").split(":").filter(path.isAbsolute);
  return folders.map((folder) => path.join(folder, name)).filter((file) => fs.existsSync(file));
}

function inToolCache() {
  const folder = path.join(process.env.RUNNER_TOOL_CACHE || "/nowhere", "Python");
  if (!fs.existsSync(folder)) return [];
  const newestFirst = (one, other) => other.localeCompare(one, "en", { numeric: true });
  return fs.readdirSync(folder).sort(newestFirst)
    .map((version) => path.join(folder, version, process.arch, "bin", "python3"));
}

function byUv() {
  const [uv] = onPath("uv");
  if (!uv) return [];
  const wanted = `>=${OLDEST.join(".")}`;
  const found = quietly(uv, ["python", "find", "--no-python-downloads", "--system", wanted]);
  return found ? [found.trim()] : [];
}

function* candidates() {
  const given = input("python");
  if (given) return yield* onPath(given);
  for (const name of NAMES) yield* onPath(name);
  yield* inToolCache();
  yield* byUv();
}

/** What a program prints, or nothing where it fails. It runs in a folder that holds no checkout. */
function quietly(program, words) {
  const done = spawnSync(program, words, { cwd: temp(), encoding: "utf8", timeout: 30_000 });
  return done.status === 0 ? done.stdout : "";
}

function findPython() {
  for (const file of candidates()) {
    const [major, minor, executable, ...version] = quietly(file, ["-I", "-c", PROBE]).split("\n");
    const enough = Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1];
    if (enough) return { executable, version: version.join(" ") };
  }
  const lack = input("python")
    ? "The input `python` names no Python 3.11 or newer."
    : "There is no Python 3.11 or newer on this runner.";
  throw new Stop(CONFIG, lack, `Put this step before:

    - uses: actions/setup-python@v5
      with: {python-version: "3.13"}

or name one: with: {python: /path/to/python3.13}`);
}

// ---- its packages ----

/** An environment of this job that has our packages; made by the first action of the job. */
function environment() {
  const python = findPython();
  const packages = path.resolve(input("cache-dir") || tool(), `packages-${hash(python.version, lock())}`);
  const place = path.join(tool(), `environment-${hash(ROOT, packages, python.executable)}`);
  once(packages, (aside) => install(aside, python.executable));
  once(place, (aside) => connect(aside, python, packages));
  return place;
}

function tool() {
  return path.join(temp(), "ci-secrets-tool");
}

function lock() {
  return fs.readFileSync(REQUIREMENTS);
}

function hash(...parts) {
  const sum = crypto.createHash("sha256");
  for (const part of parts) sum.update(part).update("\0");
  return sum.digest("hex").slice(0, 16);
}

/** Makes a folder, if it is not there: aside, and renamed into place, so that nobody uses half. */
function once(place, make) {
  if (fs.existsSync(place)) return;
  fs.mkdirSync(path.dirname(place), { recursive: true, mode: 0o700 });
  const aside = fs.mkdtempSync(`${place}-`);
  try {
    make(aside);
    fs.renameSync(aside, place);
  } catch (failure) {
    fs.rmSync(aside, { recursive: true, force: true });
    if (!["ENOTEMPTY", "EEXIST"].includes(failure.code)) throw failure; // else another job was first
  }
}

/** A virtual environment whose Python finds ci-secrets as it lies here, and its packages. */
function connect(place, python, packages) {
  const done = spawnSync(python.executable, ["-I", "-m", "venv", "--without-pip", place], shown());
  if (done.status !== 0) throw new Stop(CONFIG, `${python.executable} cannot make an environment.`);
  const [name] = fs.readdirSync(path.join(place, "lib"));
  const site = path.join(place, "lib", name, "site-packages");
  fs.writeFileSync(path.join(site, "ci-secrets.pth"), `${ROOT}\n${packages}\n`);
  const script = path.join(place, "bin", "ci-secrets");
  fs.copyFileSync(path.join(ROOT, "scripts", "ci-secrets"), script);
  fs.chmodSync(script, 0o755);
  // A folder for PATH that has nothing else: the job's own `python` stays what it is.
  fs.mkdirSync(path.join(place, "path"));
  fs.symlinkSync("../bin/ci-secrets", path.join(place, "path", "ci-secrets"));
}

/** What a program prints goes to the log, and it runs in a folder that holds no checkout. */
function shown() {
  const env = { ...process.env, PIP_ROOT_USER_ACTION: "ignore" }; // in a container all run as root
  return { cwd: temp(), env, stdio: ["ignore", 2, 2] };
}

/** By hash, and wheels only: nothing that a package brings is run here. */
function install(packages, python) {
  const wheelhouse = input("wheelhouse");
  const from = wheelhouse ? ["--no-index", "--find-links", path.resolve(wheelhouse)] : [];
  const words = ["install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:",
    ...from, "--target", packages, "-r", REQUIREMENTS];
  const [uv] = pipIsConfigured() ? [] : onPath("uv");
  const done = uv
    ? spawnSync(uv, ["pip", ...words, "--python", python], shown())
    : spawnSync(python, ["-I", "-m", "pip", "--disable-pip-version-check", ...words], shown());
  if (done.status === 0) return;
  throw new Stop(UNREACHABLE, "The packages that ci-secrets needs could not be installed.",
    `${uv ? "uv" : "pip"} says why above. Without the internet name your index (PIP_INDEX_URL,
UV_DEFAULT_INDEX), or a folder of wheels made by
    pip download --require-hashes --only-binary :all: -r requirements/runtime.txt -d wheelhouse
and give it: with: {wheelhouse: wheelhouse}`);
}

/** uv does not read pip's settings, so where there are some, and none of uv's, pip is the one. */
function pipIsConfigured() {
  const set = (pattern) => Object.keys(process.env).some((name) => pattern.test(name));
  if (set(/^UV_(DEFAULT_INDEX|INDEX|INDEX_URL|CONFIG_FILE|FIND_LINKS)$/)) return false;
  const files = ["/etc/pip.conf", ...[".config/pip/pip.conf", ".pip/pip.conf"]
    .map((file) => path.join(os.homedir(), file))];
  return set(/^PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|CONFIG_FILE)$/) || files.some(fs.existsSync);
}

// ---- ci-secrets ----

/** Each other input is the option of its name, given by its variable, not on a command line. */
function options() {
  const variables = { ...GITHUB };
  for (const [name, value] of Object.entries(process.env)) {
    const found = /^INPUT_(.*)$/.exec(name);
    if (!found || OF_THE_SHIM.includes(found[1]) || !value.trim()) continue;
    variables[`CI_SECRETS_${found[1].replace(/-/g, "_")}`] = value;
  }
  return variables;
}

/** The job's own variables, without what the runner gave to this action alone. */
function inherited() {
  const own = /^(INPUT|STATE)_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** Where an action seals its state: of its own, for its key opens no other's, and `ci-secrets` is root's after a step by sudo. */
function sealed(key) {
  const folder = path.join(temp(), `ci-secrets-action-${hash(key)}`);
  return { CI_SECRETS_STATE_KEY: key, CI_SECRETS_STATE_DIR: folder };
}

/** Runs it to its end, with `text` as its standard input if there is one; a cancelled job's signals go on to it, so that it can revoke. */
function ciSecrets(place, words, variables, text = "") {
  const child = spawn(path.join(place, "bin", "ci-secrets"), words, {
    env: { ...inherited(), ...variables }, stdio: ["pipe", "inherit", "inherit"],
  });
  child.stdin.on("error", () => {}); // it may end without reading
  child.stdin.end(text);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", () => { process.exitCode = 1; });
  child.on("close", (code, signal) => { process.exitCode = code ?? 128 + os.constants.signals[signal]; });
  return child;
}

/** Masked before it is written anywhere. */
function newKey() {
  const key = crypto.randomBytes(32).toString("hex");
  process.stdout.write(`::add-mask::${key}${os.EOL}`);
  tell("GITHUB_STATE", `key=${key}`);
  tell("GITHUB_OUTPUT", `state-key=${key}`);
  return key;
}

const MAIN = {
  setup() {
    tell("GITHUB_PATH", path.join(environment(), "path"));
  },
  exchange() {
    const place = environment();
    ciSecrets(place, ["exchange"], { ...options(), ...sealed(newKey()) });
  },
  "vault-action"() {
    const place = environment();
    const own = Object.entries(process.env).filter(([name]) => name.startsWith("INPUT_"));
    ciSecrets(place, ["vault-action"], { ...Object.fromEntries(own), ...GITHUB, ...sealed(newKey()) });
  },
  scan() {
    const paths = input("paths").split("\n").map((line) => line.trim()).filter(Boolean);
    const words = paths.map((file) => (file.startsWith("-") ? `./${file}` : file));
    ciSecrets(environment(), ["scan", ...words], { ...options(), ...sealed(input("state-key")) });
  },
  verify() {
    const { CI_SECRETS_HAND_OVER, CI_SECRETS_TOKEN, ...given } = options();
    const variables = { ...given, CI_SECRETS_GITHUB_TOKEN: CI_SECRETS_TOKEN || "" };
    ciSecrets(environment(), ["verify", "--handed", "-"], variables, CI_SECRETS_HAND_OVER);
  },
};

/** The end of the job: also after a failure or a cancel. */
function finish(variables) {
  const key = process.env.STATE_key;
  if (!key) return; // `main` did not come so far, so nothing was opened
  const state = sealed(key);
  const certificates = path.join(state.CI_SECRETS_STATE_DIR, "tls"); // vault-action's; needed until now
  const ended = ciSecrets(environment(), ["finish"], { ...variables, ...state });
  ended.on("close", () => fs.rmSync(certificates, { recursive: true, force: true }));
}

const POST = {
  /** Closes what a killed `exec` of this job left; where there was none, nothing is started. */
  setup() {
    const opened = fs.existsSync(path.join(temp(), "ci-secrets"));
    if (opened) ciSecrets(environment(), ["finish"], GITHUB);
  },
  exchange: () => finish(options()),
  "vault-action": () => finish(GITHUB),
};

function guarded(work) {
  try {
    work();
  } catch (failure) {
    if (!(failure instanceof Stop)) throw failure;
    process.stderr.write(`::error title=ci-secrets::${failure.message}\n${failure.advice}\n`);
    process.exitCode = failure.code;
  }
}

module.exports = { main: (action) => guarded(MAIN[action]), post: (action) => guarded(POST[action]) };
