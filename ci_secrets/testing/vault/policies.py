"""ACL policies: the part of HCL in which they are written, and who wins where several match."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from ci_secrets.testing.vault.wire import Refusal

Rules = Mapping[str, frozenset[str]]
"""Path pattern → capabilities."""

CAPABILITIES: Final = frozenset(
    {"create", "read", "update", "patch", "delete", "list", "sudo", "deny", "subscribe", "recover"}
)
DEFAULT: Final = """
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }
path "sys/renew" { capabilities = ["update"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "cubbyhole/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "sys/wrapping/wrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "sys/tools/hash" { capabilities = ["update"] }
path "sys/tools/hash/*" { capabilities = ["update"] }
"""
"""The rights of Vault's `default` policy, as far as this server has the paths."""

_TOKEN: Final = re.compile(
    r"""\s+ | (?:\#|//)[^\n]* | /\*.*?\*/            # white space and comments
      | (?P<string>"(?:[^"\\]|\\.)*") | (?P<word>[A-Za-z_][\w-]*) | (?P<sign>[{}\[\]=,])""",
    re.VERBOSE | re.DOTALL,
)


def parse(text: str) -> Rules:
    """The rules of a policy in HCL or JSON. Raises a 400 as Vault words it."""
    try:
        blocks = list(_json_blocks(text) if text.lstrip().startswith("{") else _hcl_blocks(text))
    except (ValueError, LookupError, AttributeError, TypeError):
        raise Refusal(400, "failed to parse policy: it is neither HCL nor JSON") from None
    rules: dict[str, frozenset[str]] = {}
    for path, capabilities in blocks:
        for capability in capabilities:
            if capability not in CAPABILITIES:
                words = f'path "{path}": invalid capability "{capability}"'
                raise Refusal(400, f"failed to parse policy: {words}")
        if "+*" in path:
            words = f'path "{path}": invalid use of wildcards ("+*" is forbidden)'
            raise Refusal(400, f"failed to parse policy: {words}")
        rules[path.removeprefix("/")] = frozenset(capabilities) | rules.get(path, frozenset())
    return rules


def _json_blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    for path, block in json.loads(text)["path"].items():
        yield path, [str(capability) for capability in block["capabilities"]]


def _hcl_blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """`path "…" { capabilities = ["…"] }`, again and again; other settings are refused."""
    tokens = _tokens(text)
    for word in tokens:
        if word != "path":
            raise ValueError(word)
        path = _text(next(tokens, ""))
        _expect(tokens, "{", "capabilities", "=", "[")
        capabilities = []
        while (part := next(tokens, "")) != "]":
            if part != ",":
                capabilities.append(_text(part))
        _expect(tokens, "}")
        yield path, capabilities


def _text(token: str) -> str:
    """What stands between quotes."""
    if not token.startswith('"'):
        raise ValueError(token)
    return str(json.loads(token))


def _expect(tokens: Iterator[str], *wanted: str) -> None:
    for word in wanted:
        if next(tokens, None) != word:
            raise ValueError(word)


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError(at)
        at = match.end()
        if match.lastgroup:
            yield match.group()


class Policies:
    """All policies by name, and the question that they answer."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._rules: dict[str, Rules] = {}
        self.write("default", DEFAULT)

    def write(self, name: str, text: str) -> None:
        """Add or replace a policy. Raises a 400 where it cannot be parsed."""
        self._rules[name] = parse(text)
        self.texts[name] = text

    def delete(self, name: str) -> None:
        """Remove a policy, if it is there."""
        self._rules.pop(name, None)
        self.texts.pop(name, None)

    def capabilities(self, names: list[str], path: str) -> frozenset[str]:
        """What these policies together allow on a path; `{"root"}`, or empty for nothing.

        Of the patterns that match, the most specific one decides; policies that hold the same
        pattern add up, and `deny` beats the rest.
        """
        if "root" in names:
            return frozenset({"root"})
        granted: dict[str, frozenset[str]] = {}
        for name in names:
            for pattern, capabilities in self._rules.get(name, {}).items():
                if _matches(pattern, path):
                    granted[pattern] = granted.get(pattern, frozenset()) | capabilities
        if not granted:
            return frozenset()
        best = granted[max(granted, key=_specificity)]
        return frozenset() if "deny" in best else best

    def sees_mount(self, names: list[str], mount: str) -> bool:
        """Whether any rule of these policies reaches into a mount."""
        if "root" in names:
            return True
        patterns = (
            (pattern, capabilities)
            for name in names
            for pattern, capabilities in self._rules.get(name, {}).items()
        )
        return any(
            "deny" not in capabilities and _reaches(pattern, mount)
            for pattern, capabilities in patterns
        )


def _reaches(pattern: str, mount: str) -> bool:
    """Whether a path below `mount` can match."""
    fixed = re.split(r"[+*]", pattern, maxsplit=1)[0]
    if fixed == pattern:
        return pattern.startswith(mount)
    return fixed.startswith(mount) or mount.startswith(fixed)


def _matches(pattern: str, path: str) -> bool:
    body, open_end = (pattern[:-1], True) if pattern.endswith("*") else (pattern, False)
    regex = re.escape(body).replace(r"\+", "[^/]+") if "+" in body else re.escape(body)
    return re.fullmatch(regex + (".*" if open_end else ""), path) is not None


def _specificity(pattern: str) -> tuple[float, bool, int, int, str]:
    """Source: Vault's documentation, "Policies", "Priority matching"."""
    wildcards = [at for at in (pattern.find("+"), pattern.find("*")) if at >= 0]
    first = min(wildcards) if wildcards else float("inf")
    return first, not pattern.endswith("*"), -pattern.count("+"), len(pattern), pattern
