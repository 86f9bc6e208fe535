"""Tools that do not run here, and documents: spelled by their published rules."""

import base64
import datetime as dt
import json
import re
import textwrap
from collections.abc import Sequence
from html.entities import codepoint2name
from typing import Final

import yaml

from tests.data.corpus.python import table
from tests.data.corpus.way import LINE, MANY_LINES

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NAMED: Final = {
    **{chr(code): name for code, name in codepoint2name.items()},
    "!": "excl", "#": "num", "$": "dollar", "%": "percnt", "'": "apos", "(": "lpar", ")": "rpar",
    "*": "ast", "+": "plus", "/": "sol", ":": "colon", ";": "semi", "=": "equals", "@": "commat",
    "\\": "bsol", "^": "Hat", "_": "lowbar", "`": "grave", "{": "lcub", "}": "rcub",
    "\n": "NewLine",
}  # fmt: skip
_NOW: Final = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def _b64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _b64url(document: object) -> str:
    text = json.dumps(document, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _replaced(value: str, pairs: Sequence[tuple[str, str]]) -> str:
    for plain, escaped in pairs:
        value = value.replace(plain, escaped)
    return value


def _base58(value: str) -> str:
    number, text = int.from_bytes(value.encode()), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text


def _jwt(value: str) -> str:
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {"sub": "ci", "iat": 1772366400, "password": value, "exp": 1772370000}
    return f"{_b64url(head)}.{_b64url(claims)}.{'Zm9vYmFyYmF6' * 3}x"


def _gdb(value: str) -> str:
    rows = [value.encode()[at : at + 8] for at in range(0, len(value.encode()), 8)]
    return "".join(
        f"0x{0x4020 + 8 * number:x} <token{f'+{8 * number}' if number else ''}>:\t"
        + "\t".join(f"0x{byte:02x}" for byte in row)
        + "\n"
        for number, row in enumerate(rows)
    )


def _secret(value: str, *, as_json: bool = False) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "app",
            "creationTimestamp": "2026-03-01T12:00:00Z",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps(
                    {"kind": "Secret", "data": {"token": _b64(value)}}, separators=(",", ":")
                )
            },
        },
        "data": {"token": _b64(value), "user": "Y2k="},
        "type": "Opaque",
    }
    return json.dumps(document, indent=4) if as_json else str(yaml.safe_dump(document))


def _container(value: str) -> str:
    env = ["PATH=/usr/local/bin:/usr/bin:/bin", f"TOKEN={value}", "LANG=C.UTF-8"]
    return json.dumps([{"Id": "4f6b", "Config": {"Env": env, "Cmd": ["sh"]}}], indent=4)


def _docker_config(value: str) -> str:
    return json.dumps({"auths": {"registry.example.com": {"auth": _b64(f"ci:{value}")}}}, indent=1)


def _sarif(value: str) -> str:
    message = {"text": f"Hard-coded password '{value}'"}
    region = {"startLine": 7, "snippet": {"text": f"password = {json.dumps(value)}"}}
    result = {"ruleId": "S1", "message": message, "locations": [{"region": region}]}
    return json.dumps({"version": "2.1.0", "runs": [{"results": [result]}]}, indent=2)


def _xml(value: str) -> str:
    pairs = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"))
    return _replaced(value, pairs)


def _junit(value: str) -> str:
    text = f"AssertionError: expected x, got {value}"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuite tests="1" failures="1">\n'
        f'<testcase name="login" time="0.01"><failure message="{_xml(text)}">{_xml(text)}'
        f"</failure><system-out><![CDATA[{value}]]></system-out></testcase>\n</testsuite>"
    )


def _ansible(value: str) -> str:
    result = {"changed": True, "cmd": f"login -p {value}", "rc": 1, "stderr_lines": [value]}
    return f"fatal: [web1]: FAILED! => {json.dumps(result)}"


def _terraform(value: str) -> str:
    pairs = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("${", "$${"), ("%{", "%%{"))
    return (
        '  # db.main will be created\n  + resource "db" "main" {\n      + name     = "main"\n'
        f'      + password = "{_replaced(value, pairs)}"\n    }}\n'
    )


def _terraform_heredoc(value: str) -> str:
    body = textwrap.indent(value.rstrip("\n"), " " * 12)
    return f"      + key = <<-EOT\n{body}\n        EOT\n"


def _buildkit(value: str) -> str:
    lines = [f"#7 [build 3/9] RUN login -p {value.splitlines()[0]}"]
    lines += [f"#7 {0.1 + i / 100:.3f} {line}" for i, line in enumerate(value.splitlines())]
    return "\n".join([*lines, "#7 DONE 1.4s"])


def _boxed(value: str, width: int = 24) -> str:
    cells = [
        line[i : i + width] for line in value.splitlines() for i in range(0, len(line) or 1, width)
    ]
    rows = "".join(
        f"│ {'TOKEN' if i == 0 else '':8} │ {cell:{width}} │\n" for i, cell in enumerate(cells)
    )
    return f"┏{'━' * 10}┳{'━' * (width + 2)}┓\n{rows}└{'─' * 10}┴{'─' * (width + 2)}┘"


def _psql(value: str) -> str:
    lines = value.rstrip("\n").split("\n")
    width = max(map(len, lines))
    rows = [f" {'7' if i == 0 else '':>2} | {line:{width}}" for i, line in enumerate(lines)]
    rows = [row + ("+" if i + 1 < len(rows) else "") for i, row in enumerate(rows)]
    return "\n".join([" id | token", f"----+-{'-' * width}", *rows, "(1 row)"])


def _pytest(value: str) -> str:
    lines = [
        "    def test_login():",
        ">       assert login() == 'ok'",
        f"E       AssertionError: assert {value!r} == 'ok'",
        "E         ",
        "E         - ok",
        *(f"E         + {line}" for line in value.splitlines()),
        "",
        f"value      = {value!r}",
    ]
    return "\n".join(lines)


def _c_string(value: str) -> str:
    plain = {"\n": "\\n", '"': '\\"', "\\": "\\\\"}
    return "".join(
        plain.get(c) or (c if c.isascii() else "".join(f"\\{b:03o}" for b in c.encode()))
        for c in value
    )


def _net(value: str) -> str:
    return re.sub(
        r"""[^\x20-\x7e]|["&'<>+`\\]""",
        lambda m: "".join(f"\\u{u:04X}" for u in _units(m[0])) if m[0] != "\\" else "\\\\",
        value,
    )


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]


def _rust_default(value: str) -> str:
    pairs = (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n"))
    return "".join(c if c.isascii() else f"\\u{{{ord(c):x}}}" for c in _replaced(value, pairs))


def _group(value: str) -> str:
    lines = [f"##[group]Run echo {value}", "shell: /usr/bin/bash -e {0}", f"env:\n  T: {value}"]
    lines = [*"\n".join(lines).split("\n"), "##[endgroup]"]
    return "\n".join(f"{_NOW:%Y-%m-%dT%H:%M:%S}.1234567Z {line}" for line in lines)


def _lolcat(value: str) -> str:
    return "".join(f"\x1b[38;5;{i % 200 + 20}m{c}\x1b[39m" for i, c in enumerate(value))


def _json_log(value: str) -> str:
    return "\n".join(
        json.dumps({"log": line + "\n", "stream": "stdout", "time": f"{_NOW:%FT%T}.123Z"})
        for line in value.splitlines()
    )


LANGUAGES: Final = table({
    "entities-decimal": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "entities-hex": lambda v: "".join(f"&#x{ord(c):x};" for c in v),
    "entities-hex-upper": lambda v: "".join(f"&#x{ord(c):04X};" for c in v),
    "entities-named": lambda v: "".join(f"&{_NAMED[c]};" if c in _NAMED else c for c in v),
    "c-string": _c_string,
    "net-json": _net,
    "rust-escape-default": _rust_default,
    "ruby-inspect": lambda v: _replaced(
        json.dumps(v, ensure_ascii=False), (("#{", "\\#{"), ("#$", "\\#$"), ("#@", "\\#@"))
    ),
    "ruby-bytes": lambda v: str(list(v.encode())),
    "php-var-export": lambda v: "'" + _replaced(v, (("\\", "\\\\"), ("'", "\\'"))) + "'",
    "php-print-r-chars": lambda v: "Array\n(\n" + "".join(
        f"    [{i}] => {c}\n" for i, c in enumerate(v)) + ")",
    "php-json": lambda v: json.dumps(v).replace("/", "\\/"),
    "php-var-dump": lambda v: f'string({len(v.encode())}) "{v}"',
    "lua-q": lambda v: '"' + _replaced(v, (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\\n"))) + '"',
    "css-escapes": lambda v: "".join(f"\\{ord(c):06x}" for c in v),
    "elixir-binary": lambda v: "<<" + ", ".join(map(str, v.encode())) + ">>",
    "c-array": lambda v: "{ " + ", ".join(f"'{c}'" if c.isalnum() and c.isascii() else
                                          ", ".join(f"0x{b:02x}" for b in c.encode())
                                          for c in v) + " }",
    "python-chr": lambda v: "+".join(f"chr({ord(c)})" for c in v),
    "python-bytes-each": lambda v: repr([bytes([b]) for b in v.encode()]),
    "python-sum": lambda v: " + ".join(map(repr, v)),
    "vb-chrw": lambda v: " & ".join(f"ChrW({ord(c)})" for c in v),
    "powershell-char": lambda v: "+".join(f"[char]{unit}" for unit in _units(v)),
    "javascript-from-char-code": lambda v: "String.fromCharCode("
        + ")+String.fromCharCode(".join(map(str, _units(v))) + ")",
    "sql-char": lambda v: "||".join(f"chr({ord(c)})" for c in v),
    "perl-braces": lambda v: "".join(f"\\x{{{ord(c):04x}}}" for c in v),
    "perl-names": lambda v: "".join(f"\\N{{U+{ord(c):X}}}" for c in v),
    "gdb-print": lambda v: "$1 = {" + ", ".join(
        f"{b} '{chr(b)}'" if 31 < b < 127 else f"{b - 256 if b > 127 else b} '\\{b:03o}'"
        for b in v.encode()) + "}",
}, by_rule=True)  # fmt: skip
NUMBERS: Final = table({"base58": _base58}, by_rule=True, alone=True)
QUOTING: Final = table({
    "powershell-single": lambda v: "'" + v.replace("'", "''") + "'",
    "powershell-double": lambda v: '"' + re.sub(r'[`"$]', r"`\g<0>", v) + '"',
    "powershell-error": lambda v: f"Line |\n   2 |  Login -Key {v}\n     |  ~~~~~\n",
    "cmd-carets": lambda v: re.sub(r'[&|<>^()%!"]', r"^\g<0>", v),
    "cmd-percents": lambda v: v.replace("%", "%%"),
    "cmd-set": lambda v: f"ALLUSERSPROFILE=C:\\ProgramData\r\nTOKEN={v}\r\nOS=Windows_NT\r\n",
    "sql-single": lambda v: "... VALUES (1, '" + v.replace("'", "''") + "', 2);",
    "sql-backslash": lambda v: "'" + _replaced(
        v, (("\\", "\\\\"), ("'", "\\'"), ('"', '\\"'), ("\n", "\\n"))) + "'",
    "sql-bytea": lambda v: "'\\x" + v.encode().hex() + "'::bytea",
    "sql-hex": lambda v: "X'" + v.encode().hex().upper() + "'",
    "sql-copy": lambda v: "7\t" + _replaced(v, (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"))),
    "gdb-bytes": _gdb,
    "ps-args": lambda v: f"runner     4242  0.0  0.1  login --password {v}",
    "compose-dollars": lambda v: json.dumps({"environment": {"T": v.replace("$", "$$")}}),
    "jenkins-dollars": lambda v: v.replace("$", "$$"),
    "azure-command": lambda v: "##vso[task.setvariable variable=t]" + _replaced(
        v, (("%", "%AZP25"), ("\r", "%0D"), ("\n", "%0A"))),
    "github-command": lambda v: "::warning file=a.py,line=7::" + _replaced(
        v, (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))),
    "bash-ansi-c": lambda v: "$'" + "".join(
        c if c.isalnum() and c.isascii() else "".join(f"\\x{b:02x}" for b in c.encode())
        for c in v) + "'",
    "backslash-all": lambda v: "".join(f"\\{c}" for c in v),
}, by_rule=True)  # fmt: skip
DOCUMENTS: Final = table({
    "jwt": _jwt,
    "kubernetes-secret": _secret,
    "kubernetes-secret-json": lambda v: _secret(v, as_json=True),
    "kubernetes-string-data": lambda v: str(yaml.safe_dump({"stringData": {"token": v}})),
    "kubernetes-describe": lambda v: f"    Environment:\n      TOKEN:  {v}\n      USER:   ci\n",
    "docker-inspect": _container,
    "docker-config": _docker_config,
    "docker-build": _buildkit,
    "docker-json-log": _json_log,
    "sarif": _sarif,
    "junit": _junit,
    "html-page": lambda v: f"<tr><td>key</td><td><code>{_xml(v)}</code></td></tr>",
    "html-marked": lambda v: f"<code>{_xml(v[:5])}<mark>{_xml(v[5:8])}</mark>{_xml(v[8:])}</code>",
    "html-decimals-4": lambda v: "".join(f"&#{ord(c):04};" for c in v),
    "html-decimals-twice": lambda v: "".join(f"&amp;#{ord(c)};" for c in v),
    "markdown-table": lambda v: f"| key | `{v.replace('|', chr(92) + '|')}` |",
    "toml": lambda v: f"[ci]\ntoken = {json.dumps(v, ensure_ascii=False)}\n",
    "toml-lines": lambda v: f"token = '''\n{v}'''\n",
    "dotenv": lambda v: f"USER=ci\nTOKEN={v}\nREGION=eu\n",
    "dotenv-double": lambda v: 'TOKEN="' + _replaced(
        v, (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\n", "\\n"))) + '"',
    "logfmt": lambda v: f"ts=2026-03-01T12:00:00Z level=info token={json.dumps(v)} n=1",
    "ansible": _ansible,
    "terraform-plan": _terraform,
    "terraform-heredoc": _terraform_heredoc,
    "pytest": _pytest,
    "box": _boxed,
    "box-narrow": lambda v: _boxed(v, 11),
    "psql": _psql,
    "actions-group": _group,
    "coloured-chars": _lolcat,
    "multipart": lambda v: "--b1\r\nContent-Disposition: form-data; name=t\r\n\r\n" + v
                           + "\r\n--b1--\r\n",
    "url-host": lambda v: "git clone https://ci:" + v.replace("@", "%40") + "@git.example.com/a",
    "basic-header": lambda v: f"Authorization: Basic {_b64('x-access-token:' + v)}",
    "npmrc": lambda v: f"//npm.example.com/:_password={_b64(v)}\nalways-auth=true",
    "pip-error": lambda v: "Looking in indexes: https://ci:" + re.sub(
        r"[^\w.~-]", lambda m: "%" + m[0].encode().hex("%"), v) + "@pypi.example.com",
}, by_rule=True)  # fmt: skip
HEADERS: Final = table({
    "dsn": lambda v: f"postgresql://ci:{v}@db.example.com:5432/app?sslmode=require",
    "jdbc": lambda v: f"jdbc:sqlserver://db:1433;user=ci;password={{{v.replace('}', '}}')}}};",
    "http-log": lambda v: f'10.0.0.1 - - "GET /?token={v} HTTP/1.1" 200 12 "-" "curl/8.0"',
}, by_rule=True, kinds=LINE, why=MANY_LINES)  # fmt: skip
WAYS: Final = (*LANGUAGES, *NUMBERS, *QUOTING, *DOCUMENTS, *HEADERS)
