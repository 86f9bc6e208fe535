"""Where the component's tool comes from: a wheel or a uv held to its hash, an image."""

import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_secrets import __version__
from ci_secrets.testing.loopback import Handler, Loopback
from tests.building import build_wheel
from tests.real.conftest import missing
from tests.real.container import ALONE, Container, can_contain
from tests.real.gitlab import COMPONENTS, Pipeline, find_gitlab
from tests.real.recipes import ROOT, block, run
from tests.real.servers import find_postgres
from tests.real.test_gitlab_door import PAGE, nothing_stays, pipeline

__all__ = ["pipeline"]

RECIPE = block(PAGE, "yaml", "install: wheel")
NETWORK = re.compile(r"PIP_|UV_|SSL_CERT_|.*_proxy$|.*_PROXY$")
LOCK = ROOT / "requirements" / "runtime.txt"


@pytest.fixture(scope="session")
def machine() -> dict[str, str]:
    """Give how this machine reaches its package index."""
    return {name: value for name, value in os.environ.items() if NETWORK.match(name)}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of this checkout, which is on no index."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def image(pipeline: Pipeline, machine: dict[str, str], wheel: Path) -> Path:
    """Give the PATH folder of a job's image: what the machine has, but no tool and no Python."""
    folder = pipeline.job.stand.workspace.parent / "image"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for program in Path(place).iterdir():
            link = folder / program.name
            if not program.name.startswith(("python", "pip", "uv")) and not link.is_symlink():
                link.symlink_to(program)
    pipeline.job.env["PATH"] = f"{folder}:{find_postgres()}"
    found = {"PIP_FIND_LINKS": str(wheel.parent), "UV_FIND_LINKS": str(wheel.parent)}
    pipeline.machine |= machine | found
    return folder


def add_python(image: Path, says: str = "") -> None:
    """Put a Python into the image; `says` in place of one that is recent enough."""
    python = image / "python3"
    python.write_text(says or f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)


def requirement(wheel: Path) -> str:
    """The line of a requirements file that holds the wheel to its hash."""
    return f"ci-secrets==0.1.0 --hash=sha256:{sha256(wheel)}"


def sha256(file: Path) -> str:
    """The hash of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def filled(wheel: Path) -> str:
    """The page's lines with the hash of the wheel."""
    return re.sub(r"ci-secrets==.*", requirement(wheel), RECIPE)


class TestWheel:
    """`install: wheel`, in an image with Python."""

    def test_the_page(self, pipeline: Pipeline, image: Path, wheel: Path) -> None:
        """The tool is there, the job's Python stays its own, and all is gone at the end."""
        add_python(image)
        for module in ("venv", "pip", "sitecustomize"):
            (pipeline.job.stand.workspace / f"{module}.py").write_text("raise SystemExit(77)\n")
        look = "command -v python3 && ci-secrets exec -- ./deploy.sh"
        pipeline.write(filled(wheel).replace("ci-secrets exec -- ./deploy.sh", look))
        done = pipeline.run("deploy")
        assert done.code == 0, done.out
        assert f"{image}/python3\n" in done.out
        assert "verdict: contained" in done.out
        assert "already closed" in done.out, "after_script finds the tool"
        assert not list(pipeline.job.stand.workspace.parent.rglob("*ci-secrets-tool*"))
        nothing_stays(pipeline.job, done.out)

    def test_another_wheel(self, pipeline: Pipeline, image: Path, wheel: Path) -> None:
        """A wheel with another hash is not installed, and the job ends."""
        add_python(image)
        pipeline.write(filled(wheel).replace(sha256(wheel), "0" * 64))
        done = pipeline.run("deploy")
        assert done.code != 0
        assert "DO NOT MATCH THE HASHES" in done.out
        assert not pipeline.job.probe.exists()

    @pytest.mark.parametrize(
        ("python", "wheel_line", "says"),
        [
            ("", "", "install: wheel needs the input wheel"),
            ("#!/bin/sh\nexit 1\n", "ci-secrets==0.1.0", "needs Python 3.11 or newer"),
        ],
    )
    def test_what_is_lacking_is_said(
        self, pipeline: Pipeline, image: Path, wheel: Path, python: str, wheel_line: str, says: str
    ) -> None:
        """No hash, or a Python that is too old: the job ends with 3 and says what to give."""
        add_python(image, python)
        text = filled(wheel)
        pipeline.write(text if wheel_line else re.sub(r"\n *wheel: .*", "", text))
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 3\b", done.out), done.out
        assert says in done.out

    def test_a_before_script_of_its_own(self, pipeline: Pipeline, image: Path, wheel: Path) -> None:
        """It replaces the installation: the job ends, and is not green with empty secrets."""
        add_python(image)
        pipeline.write(filled(wheel).rstrip() + "\n  before_script:\n    - echo prepared\n")
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 127\b", done.out), done.out
        assert not pipeline.job.probe.exists()


class _Files(Handler[dict[str, Path]]):
    """Gives files by name."""

    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        file = self.app.get(self.path.lstrip("/"))
        self.reply(200, file.read_bytes()) if file else self.reply(404)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give this machine's Python as an archive like those that uv fetches."""
    base, name = Path(sys.base_prefix), f"python{sysconfig.get_python_version()}"
    archive = tmp_path_factory.mktemp("python") / "cpython.tar.gz"
    left_out = re.compile(r"/(__pycache__|test|idlelib|\w+-packages|config-\S+)$")
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(base / "bin" / name, f"python/bin/{name}", recursive=True)
        tar.add(
            base / "lib" / name,
            f"python/lib/{name}",
            filter=lambda entry: None if left_out.search(entry.name) else entry,
        )
    return archive


class TestBootstrap:
    """`install: bootstrap`, in an image without Python."""

    @pytest.fixture
    def served(
        self, pipeline: Pipeline, image: Path, python: Path, tmp_path: Path
    ) -> Iterator[tuple[str, dict[str, Path]]]:
        """Give a server of uv, as it is and as a release has it, and of a Python for it."""
        assert not list(image.glob("python*"))
        found = find_gitlab()
        assert found is not None
        release = tmp_path / "uv.tar.gz"
        with tarfile.open(release, "w:gz", compresslevel=1) as tar:
            tar.add(found / "python" / "bin" / "uv", "uv-x86_64-unknown-linux-musl/uv")
        files = {
            "uv": found / "python" / "bin" / "uv",
            "uv.tar.gz": release,
            "python.tar.gz": python,
        }
        server = Loopback(_Files, files)
        server.start()
        yield server.url, files
        server.stop()

    @pytest.mark.parametrize(("name", "lacks"), [("uv", "wget"), ("uv.tar.gz", "curl")])
    def test_without_python(
        self,
        pipeline: Pipeline,
        image: Path,
        wheel: Path,
        served: tuple[str, dict[str, Path]],
        name: str,
        lacks: str,
    ) -> None:
        """A uv with the right hash, by curl or wget, brings Python and the tool."""
        url, files = served
        (image / lacks).unlink()
        look = 'readlink -f "$CI_PROJECT_DIR.tmp/ci-secrets-tool-$CI_JOB_ID/venv/bin/python"'
        recipe = _bootstrap(wheel, f"{url}/{name}", sha256(files[name]))
        pipeline.write(recipe.replace("    - ci-secrets", f"    - {look}\n    - ci-secrets"))
        parent = pipeline.job.stand.workspace.parent
        pipeline.machine |= _downloads(url, files["python.tar.gz"], parent)
        done = pipeline.run("deploy")
        assert done.code == 0, done.out
        assert re.search(r"/ci-secrets-tool-\d+/python/cpython-\S+/bin/python", done.out), done.out
        assert "verdict: contained" in done.out
        assert "already closed" in done.out, "after_script finds the tool"
        assert not list(parent.rglob("*ci-secrets-tool*"))
        nothing_stays(pipeline.job, done.out)

    def test_another_uv(
        self, pipeline: Pipeline, wheel: Path, served: tuple[str, dict[str, Path]], tmp_path: Path
    ) -> None:
        """A download with another hash is not run."""
        url, files = served
        evil, ran = tmp_path / "evil", tmp_path / "ran"
        evil.write_text(f"#!/bin/sh\ntouch {ran}\n")
        good, files["uv"] = sha256(files["uv"]), evil
        pipeline.write(_bootstrap(wheel, f"{url}/uv", good))
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 3\b", done.out), done.out
        assert "another hash than uv-sha256 says" in done.out
        assert not ran.exists()

    @pytest.mark.parametrize("install", ["wheel", "bootstrap"])
    def test_by_busybox_alone(
        self,
        pipeline: Pipeline,
        wheel: Path,
        served: tuple[str, dict[str, Path]],
        install: str,
        tmp_path: Path,
    ) -> None:
        """Shell, wget, tar and sha256sum of an Alpine image are enough, in its container too."""
        if not can_contain():
            missing("a kernel that lets us have namespaces")
        url, files = served
        with_uv = _bootstrap(wheel, f"{url}/uv.tar.gz", sha256(files["uv.tar.gz"]))
        pipeline.write(with_uv if install == "bootstrap" else filled(wheel))
        job = pipeline.expanded()["deploy"]
        env = {
            **pipeline.job.env,
            **pipeline.machine,
            **_downloads(url, files["python.tar.gz"], tmp_path),
            **job["variables"],
            **pipeline.id_tokens("deploy"),
            "PATH": f"{_busybox(tmp_path, python=install == 'wheel')}:{find_postgres()}",
        }
        workspace = pipeline.job.stand.workspace
        container = Container(job=job, workspace=workspace, env=env, interpreter="busybox sh")
        done = container.script()
        assert done.code == 0, done.out
        assert "verdict: contained" in done.out
        closed = container.after_script()
        assert closed.code == 0
        assert "already closed" in closed.out
        assert not list(tmp_path.rglob("*ci-secrets-tool*"))
        nothing_stays(pipeline.job, done.out + closed.out)

    @pytest.mark.usefixtures("image")
    def test_what_is_lacking_is_said(self, pipeline: Pipeline, wheel: Path) -> None:
        """Without the inputs the job ends with 3, and their names are printed."""
        pipeline.write(filled(wheel).replace("install: wheel", "install: bootstrap"))
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 3\b", done.out), done.out
        assert "uv-url and uv-sha256" in done.out


def _bootstrap(wheel: Path, url: str, digest: str) -> str:
    inputs = f"install: bootstrap\n      uv-url: {url}\n      uv-sha256: {digest}"
    return filled(wheel).replace("install: wheel", inputs)


def _busybox(folder: Path, *, python: bool) -> Path:
    """A PATH folder with the programs of busybox, and what makes the container."""
    place = folder / "busybox-image"
    place.mkdir()
    busybox = shutil.which("busybox")
    assert busybox is not None
    listed = run([busybox, "--list"], env={}, cwd=folder).out.split()
    for name in ["busybox", *listed]:
        (place / name).symlink_to(busybox)
    for name in ("unshare", "mount"):
        (place / name).unlink()
        (place / name).symlink_to(shutil.which(name) or name)
    if python:
        add_python(place)
    return place


def _downloads(url: str, python: Path, folder: Path) -> dict[str, str]:
    """Tell uv of the one Python that is to be had, in place of those on the Internet."""
    major, minor, patch = sys.version_info[:3]
    arch = os.uname().machine
    listed = folder / "downloads.json"
    entry = {
        "name": "cpython",
        "arch": {"family": arch, "variant": None},
        "os": "linux",
        "libc": "gnu",
        "major": major,
        "minor": minor,
        "patch": patch,
        "prerelease": "",
        "url": f"{url}/python.tar.gz",
        "sha256": sha256(python),
        "variant": None,
        "build": None,
    }
    listed.write_text(json.dumps({f"cpython-{major}.{minor}.{patch}-linux-{arch}-gnu": entry}))
    return {"UV_PYTHON_DOWNLOADS_JSON_URL": str(listed)}


class TestImage:
    """The Dockerfile of `install: image`, which no image registry is at hand to build."""

    DOCKERFILE = (COMPONENTS / "Dockerfile").read_text()

    def test_hadolint_has_nothing_to_say(self) -> None:
        """Also of what is only a matter of style."""
        found = find_gitlab()
        if found is None:
            missing("hadolint")
        hadolint = str(found / "python" / "bin" / "hadolint")
        argv = [hadolint, "--failure-threshold", "style", str(COMPONENTS / "Dockerfile")]
        done = run(argv, env={}, cwd=ROOT)
        assert (done.code, done.said) == (0, "")

    def test_its_steps(self, machine: dict[str, str], wheel: Path, tmp_path: Path) -> None:
        """Run in their order, in a file system of their own, they put the tool on PATH."""
        if not can_contain():
            missing("a kernel that lets us have namespaces")
        steps = re.findall(r"^RUN ((?:.*\\\n)*.*)$", self.DOCKERFILE, re.MULTILINE)
        assert len(steps) == self.DOCKERFILE.count("\nRUN ") == 2
        bin_folder = tmp_path / "bin"
        bin_folder.mkdir()
        add_python(bin_folder)
        mounts = "mount -t tmpfs none /opt && mount -t tmpfs none /usr/local/bin"
        look = "command -v ci-secrets && readlink -f /usr/local/bin/ci-secrets && ls -A /opt"
        done = run(
            [*ALONE, "sh", "-e", "-c", "\n".join([mounts, *steps, look])],
            env={
                **machine,
                "PATH": f"/usr/local/bin:{bin_folder}:/usr/bin:/bin",
                "PIP_FIND_LINKS": str(wheel.parent),
                "WHEEL": requirement(wheel),
                "HOME": str(tmp_path),
            },
            cwd=tmp_path,
        )
        assert done.code == 0, done.said
        *_, version, on_path, behind, places = done.out.splitlines()
        assert version == f"ci-secrets {__version__}"
        assert on_path == "/usr/local/bin/ci-secrets"
        assert behind == "/opt/ci-secrets/bin/ci-secrets"
        assert places == "ci-secrets"


@pytest.mark.parametrize("system", ["unknown-linux-musl", "manylinux_2_28"])
@pytest.mark.parametrize("machine_type", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python_version", ["3.11", "3.14"])
def test_all_that_is_needed_has_wheels(
    machine: dict[str, str], tmp_path: Path, system: str, machine_type: str, python_version: str
) -> None:
    """On Debian and on Alpine nothing has to be built, and each wheel has a hash of the lock."""
    found = find_gitlab()
    if found is None:
        missing("uv")
    platform = ["--python-platform", f"{machine_type}-{system}", "--python-version", python_version]
    held = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK)]
    uv = str(found / "python" / "bin" / "uv")
    done = run(
        [uv, "pip", "install", "--dry-run", "--target", str(tmp_path / "none"), *platform, *held],
        env={**machine, "PATH": os.environ["PATH"], "HOME": str(tmp_path), "UV_NO_CONFIG": "1"},
        cwd=tmp_path,
    )
    if "Failed to fetch" in done.said:
        missing("the package index")
    assert done.code == 0, done.said
    assert " + cryptography==" in done.said
    assert " + hyperscan==" in done.said
