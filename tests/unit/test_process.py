"""What others may do with our process, and what becomes of those that we start."""

import subprocess
import sys

HARDENED = """
import ctypes, resource
from ci_secrets.process import harden
harden()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


def test_hardened() -> None:
    """After `harden()` the process is not dumpable and leaves no core file."""
    done = subprocess.run([sys.executable, "-I", "-c", HARDENED], capture_output=True, check=True)
    assert done.stdout.split() == [b"0", b"0"]
