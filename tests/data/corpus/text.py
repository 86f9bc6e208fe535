"""Tools for text: what shows control characters, numbers lines, compares, makes columns, and jq."""

from typing import Final

from tests.data.corpus.shell import sh
from tests.data.corpus.way import LINE, OF_JSON, OF_PEM, Way

_JSON: Final = ("json",)
_PEM: Final = ("pem",)

SHOWN: Final[tuple[Way, ...]] = (
    sh("sed-l", "sed -n l"),
    sh("sed-l-20", "sed -n 'l 20'"),
    sh("sed-l-1", "sed -n 'l 1'"),
    sh("cat-a", "cat -A"),
    sh("cat-v", "cat -v"),
    sh("cat-a-n", "cat -An"),
    sh("column-t", "column -t"),
    sh("column-table", "sed 's/^/api_key|/' | column -t -s '|'"),
    sh("pr-plain", "pr -t"),
    sh("expand", "expand"),
    sh("tr-no-newlines", "tr -d '\\n'"),
    sh("tr-newlines-spaces", "tr '\\n' ' '"),
    sh("tr-newlines-pipes", "tr '\\n' '|'"),
    sh("tr-no-spaces", "tr -d '[:space:]'"),
    sh("paste-commas", "paste -sd,"),
    sh("newlines-escaped", "sed -z 's/\\n/\\\\n/g'"),
    sh("newlines-escaped-twice", "sed -z 's/\\n/\\\\\\\\n/g'"),
    sh("newlines-percent", "sed -z 's/%/%25/g; s/\\n/%0A/g' | sed 's/^/::add-mask::/'"),
    sh("quotes-eaten", "tr -d '\"'"),
    sh("quotes-and-backslashes-eaten", "tr -d '\"\\\\'"),
    sh("crlf", "sed 's/$/\\r/'"),
    sh("head-v", 'head -v -n 100 "$V"'),
)
COMPARED: Final[tuple[Way, ...]] = (
    sh("diff-u", 'diff -u /dev/null "$V" || true'),
    sh("diff-colour", 'diff -u --color=always <(echo old) "$V" || true'),
    sh("diff-y", 'diff -y -W 160 <(echo old) "$V" || true', kinds=LINE,
       why="it cuts off long lines; a diff of PEM keys is there in other ways"),
    sh("diff-normal", 'diff <(echo old) "$V" || true'),
    sh("diff-e", 'diff -e <(echo old) "$V" || true'),
    sh("comm", 'comm -3 <(echo old) <(sort "$V")'),
)  # fmt: skip
JQ: Final[tuple[Way, ...]] = (
    sh("jq", "jq -Rs ."),
    sh("jq-ascii", "jq -Rsa ."),
    sh("jq-object", "jq -Rs '{env: {TOKEN: ., n: 1}}'"),
    sh("jq-compact", "jq -Rsc '{env: {TOKEN: ., n: 1}}'"),
    sh("jq-colour", "jq -RsC '{TOKEN: .}'"),
    sh("jq-lines", "jq -R ."),
    sh("jq-lines-slurped", "jq -Rs 'split(\"\\n\")'"),
    sh("jq-env", "jq -n env"),
    sh("jq-base64", "jq -Rrs @base64"),
    sh("jq-uri", "jq -Rrs @uri"),
    sh("jq-html", "jq -Rrs @html"),
    sh("jq-sh", "jq -Rrs @sh"),
    sh("jq-csv", "jq -Rrs '[\"key\", ., 1] | @csv'"),
    sh("jq-tsv", "jq -Rrs '[\"key\", ., 1] | @tsv'"),
    sh("jq-json-nested", "jq -Rsc '{a: ({b: .} | tojson)}'"),
    sh("jq-json-thrice", "jq -Rsc '{a: ({b: ({c: .} | tojson)} | tojson)}'"),
    sh("jq-json-ascii-thrice", "jq -Rsac '{a: .} | tojson | tojson | tojson'"),
    sh("jq-explode", "jq -Rsc explode"),
    sh("jq-explode-pretty", "jq -Rs explode"),
    sh("jq-upcase", "jq -Rrs ascii_upcase"),
    sh("jq-stream", "jq -Rs '{a: [.]} | tostream'"),
    sh("jq-slashes", "jq -Rs . | sed 's,/,\\\\/,g'"),
    sh("jq-html-safe", "jq -Rs . | sed 's/&/\\\\u0026/g; s/</\\\\u003c/g; s/>/\\\\u003e/g'"),
)
PERCENT: Final[tuple[Way, ...]] = (
    sh("percent-lower", "jq -Rrs @uri | sed 's/%../\\L&/g'"),
    sh("percent-twice", "jq -Rrs @uri | jq -Rr @uri"),
    sh("percent-thrice", "jq -Rrs @uri | jq -Rr @uri | jq -Rr @uri"),
    sh("percent-plus", "jq -Rrs @uri | sed 's/%20/+/g'"),
    sh("percent-all", "xxd -p | tr -d '\\n' | sed 's/../%&/g'"),
    sh("percent-all-upper", "xxd -p -u | tr -d '\\n' | sed 's/../%&/g'"),
    sh("percent-all-twice", "xxd -p -u | tr -d '\\n' | sed 's/../%25&/g'"),
)
OF_DOCUMENTS: Final[tuple[Way, ...]] = tuple(
    sh(name, command, kinds=_JSON, why=OF_JSON, alone=True)
    for name, command in (
        ("json-jq", "jq ."),
        ("json-compact", "jq -c ."),
        ("json-sorted", "jq -S ."),
        ("json-tab", "jq --tab ."),
        ("json-colour", "jq -C ."),
        ("json-string", "jq -c tojson"),
        ("json-key", "jq -r .private_key"),
        ("json-key-line", "jq -r .private_key | sed -n 10p"),
        ("json-password", "jq -r .password"),
        ("json-password-quoted", "jq .password"),
        ("json-password-base64", "jq -r .password | base64"),
        ("json-key-base64", "jq -r .private_key | base64 -w 0"),
        ("json-entries", "jq -r 'to_entries[] | \"\\(.key)=\\(.value)\"'"),
        ("json-sh", "jq -r 'to_entries[] | \"export \\(.key)=\\(.value | @sh)\"'"),
        ("json-csv", "jq -r '[.[]] | @csv'"),
        ("json-stream", "jq -c tostream"),
        ("json-compact-base64", "jq -c . | base64 -w 0"),
        ("json-compact-base64-twice", "jq -c . | base64 -w 0 | base64 -w 0"),
        ("json-words", "set -f; echo $SUBJECT"),
    )
)  # fmt: skip
OF_KEYS: Final[tuple[Way, ...]] = tuple(
    sh(name, command, kinds=_PEM, why=OF_PEM, alone=True)
    for name, command in (
        # NOTE: the first lines of a key are its public number
        ("pem-line", "tail -n 3 | head -n 1"),
        ("pem-line-base64", "tail -n 3 | head -n 1 | base64"),
        ("pem-last-lines", "tail -n 3"),
        ("pem-joined", "tr -d '\\n'"),
        ("pem-body", "sed '1d; $d' | tr -d '\\n'"),
        ("pem-body-76", "sed '1d; $d' | tr -d '\\n' | fold -w 76"),
        ("pem-der-base64", "openssl pkey -outform DER | base64 -w 0"),
        ("pem-der-hex", "openssl pkey -outform DER | xxd -p"),
        ("pem-der-xxd", "openssl pkey -outform DER | xxd"),
        ("pem-traditional", "openssl pkey -traditional"),
        ("pem-text", "openssl pkey -noout -text"),
        ("pem-asn1", "openssl asn1parse -dump"),
    )
)
WAYS: Final = (*SHOWN, *COMPARED, *JQ, *PERCENT, *OF_DOCUMENTS, *OF_KEYS)
