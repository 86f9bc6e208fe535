"""What stands before and after a value: inside what is printed, beside it, and around it."""

import random
from typing import Final

_LEFT: Final = (
    "", "", "password=", '{"token":"', "export KEY='", "Authorization: Bearer ", "x", "ab", "k1: ",
    "https://ci:", "--password ", "ENV TOKEN=",
)  # fmt: skip
_RIGHT: Final = (
    "", "", "\n", '"}\n', "' && make deploy\n", "@example.com/path", "y", "zz", "\nregion=eu\n",
    " --verbose\n", "&format=json", ";",
)  # fmt: skip
_BESIDE: Final = (
    ("", ""), ("", ""), ("value: ", ""), ('"', '"'), ("(", ")"), ("data=", "&next=1"),
    ("<b>", "</b>"), ("/v1/", "/status"), ("[info] ", " (end)"), ("x=", ";"), ("\t", "\t"),
)  # fmt: skip
_LINES: Final = (
    "Step {n}/12 : RUN make -j{n} build",
    "Downloaded https://repo.example.com/maven2/org/lib-{n}.jar (1.{n} MB at 9.{n} MB/s)",
    "    Compiling serde v1.0.{n}",
    "test result: ok. {n} passed; 0 failed; finished in 0.{n}s",
    "  integrity sha512-{hash}==",
    "commit {hex}",
    "npm WARN deprecated glob@7.{n}.3: no longer supported",
    "2026-03-01T12:00:{n}.123456Z [INFO] server: listening on 0.0.0.0:80{n}",
    "\x1b[32m✓\x1b[0m src/components/button.test.tsx ({n} tests) {n}ms",
    "drwxr-xr-x  {n} runner docker  4096 Mar  1 12:00 node_modules",
    "",
    "[{n}/240] Building CXX object src/CMakeFiles/core.dir/stream.cc.o",
)
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def inside(rng: random.Random, value: bytes) -> bytes:
    """The value with text directly before and after it."""
    return rng.choice(_LEFT).encode() + value + rng.choice(_RIGHT).encode()


def beside(rng: random.Random, printed: bytes) -> bytes:
    """What a tool printed in one line, with other text in the same line."""
    left, right = rng.choice(_BESIDE)
    return left.encode() + printed + right.encode()


def around(rng: random.Random, printed: bytes) -> bytes:
    """What a tool printed, between ordinary lines of a log."""
    end = b"" if printed.endswith(b"\n") else b"\n"
    return ordinary(rng) + printed + end + ordinary(rng)


def ordinary(rng: random.Random) -> bytes:
    """A few lines as every build prints them."""
    return "".join(_line(rng) + "\n" for _ in range(rng.randint(2, 6))).encode()


def _line(rng: random.Random) -> str:
    return rng.choice(_LINES).format(
        n=rng.randint(10, 59),
        hex=f"{rng.getrandbits(160):040x}",
        hash="".join(rng.choices(_BASE64, k=86)),
    )
