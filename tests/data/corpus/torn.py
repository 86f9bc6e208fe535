"""Values torn apart: wrapped, prefixed, coloured, spaced, cut, turned round."""

from typing import Final

from tests.data.corpus.shell import sh
from tests.data.corpus.way import ASCII, LONG, TOO_SHORT, Way

_STAMP = "sed 's/^/2026-03-01T12:00:01.1234567Z /'"
_HALVES = "jq has no halves of a character"
_NOTE = "\\x1b[8mha:////4Iq0GTQ8JfNnTB2hNnLDxkKzbJtmJ4p1bXl0aGlzaXNhbm90ZQAAAA==\\x1b[0m"

WRAPPED: Final[tuple[Way, ...]] = (
    *(sh(f"fold-w{n}", f"fold -w {n}") for n in (1, 2, 3, 5, 7, 8, 10, 13, 16, 20, 32, 40, 64, 76)),
    sh("fold-spaces", "fold -s -w 12"),
    sh("fmt", "fmt -w 20"),
    sh("fmt-split", "fmt -s -w 30"),
    sh("fold-crlf", "fold -w 12 | sed 's/$/\\r/'"),
    sh("fold-crlf-narrow", "fold -w 7 | sed 's/$/\\r/'"),
    sh("fold-joined-commas", "fold -w 6 | paste -sd ','"),
    sh("fold-carriage-returns", "fold -w 12 | tr '\\n' '\\r'"),
    sh("fold-joined", "fold -w 6 | paste -sd ' '"),
    sh("fold-joined-hyphens", "fold -w 4 | paste -sd '-'"),
    sh("fold-continued", "fold -w 20 | sed 's/$/ \\\\/'"),
    sh("fold-soft", "fold -w 20 | sed 's/$/=/'"),
    sh("fold-arrows", "fold -w 16 | sed '2,$s/^/↪ /'"),
    sh("fold-carriage-returns-narrow", "fold -w 6 | tr '\\n' '\\r'"),
    sh("fold-quoted-narrow", "fold -w 6 | sed \"s/.*/'&' +/\""),
    sh("fold-quoted", "fold -w 10 | sed \"s/.*/'&' +/\""),
    sh("split", "split -b 15 && tail -n +1 x*"),
    sh("pr", "fold -w 30 | pr -l 30"),
    sh("pr-numbered", "fold -w 30 | pr -t -n"),
    sh("fold-chunked", "fold -w 10 | awk '{printf \"%x\\r\\n%s\\r\\n\", length($0), $0}'"),
    sh("fold-progress", "fold -w 12 | awk '{print; print \"[INFO] step \" NR}'"),
    sh("fold-workers", "fold -w 12 | awk '{printf \"worker-%c> %s\\n\", 97 + NR % 3, $0}'"),
    sh("paste-beside", "fold -w 12 | paste - <(seq 40)", words="beside another column"),
)
PREFIXED: Final[tuple[Way, ...]] = (
    sh("docker-json-wrapped", "fold -w 12 | jq -Rc '{log: (. + \"\\n\"), stream: \"stdout\", "
       "time: \"2026-03-01T12:00:01.123456789Z\"}'", kinds=ASCII, why=_HALVES),
    sh("json-lines", "fold -w 10 | jq -Rc '{level: \"info\", msg: ., n: 1}'",
       kinds=ASCII, why=_HALVES),
    sh("prefix-stamp", f"fold -w 15 | {_STAMP}"),
    sh("prefix-stamp-one", _STAMP),
    sh("prefix-logrus",
       "fold -w 15 | sed 's/^/time=\"2026-03-01T12:00:01Z\" level=info msg=/'"),
    sh("prefix-ruby",
       "fold -w 15 | sed 's/^/D, [2026-03-01T12:00:01.123456 #12] DEBUG -- : /'"),
    sh("prefix-kubernetes",
       "fold -w 9 | sed 's/^/2026-03-01T12:00:01.123456789+01:00 stdout F /'"),
    sh("prefix-logging", "fold -w 9 | sed 's/^/INFO:root:/'"),
    sh("prefix-stamp-space", "fold -w 15 | sed 's/^/2026-03-01 12:00:01,123 INFO  /'"),
    sh("prefix-clock", "fold -w 15 | sed 's/^/[12:00:01] /'"),
    sh("prefix-clock-each",
       "fold -w 9 | awk '{printf \"[12:00:%02d.%03d] %s\\n\", NR, NR * 7, $0}'"),
    sh("prefix-syslog", "fold -w 15 | sed 's/^/Mar  1 12:00:01 web1 app[4242]: /'"),
    sh("prefix-compose", "fold -w 15 | sed 's/^/web-1  | /'"),
    sh("prefix-compose-colour", "fold -w 15 | sed 's/^/\\x1b[36mweb-1  | \\x1b[0m/'"),
    sh("prefix-kubectl", "fold -w 15 | sed 's/^/[pod\\/web-5d4f8-x2x9z\\/app] /'"),
    sh("prefix-buildkit", "fold -w 15 | sed 's/^/#12 0.345 /'"),
    sh("prefix-maven", "fold -w 15 | sed 's/^/[INFO] /'"),
    sh("prefix-gradle", "fold -w 15 | sed 's/^/> /'"),
    sh("prefix-plus", "fold -w 15 | sed 's/^/+ /'"),
    sh("prefix-pipe", "fold -w 15 | sed 's/^/    | /'"),
    sh("prefix-comment", "fold -w 15 | sed 's/^/# /'"),
    sh("prefix-slashes", "fold -w 15 | sed 's,^,// ,'"),
    sh("prefix-indent", "fold -w 15 | sed 's/^/        /'"),
    sh("prefix-turbo", "fold -w 15 | sed 's/^/@app\\/web:build: /'"),
    sh("prefix-cat-n", "fold -w 15 | cat -n"),
    sh("prefix-cat-n-one", "cat -n"),
    sh("prefix-nl", "fold -w 15 | nl -ba -s': '"),
    sh("prefix-grep-n", "fold -w 15 | grep -anH ''"),
    sh("prefix-stamp-numbered", f"fold -w 15 | cat -n | {_STAMP}"),
    sh("prefix-group", "fold -w 15 | sed 's/^/##[group]/; 2~2s/group/endgroup/' | " + _STAMP),
    sh("prefix-group-run", f"sed '1s/^/##[group]Run echo /' | fold -w 20 | {_STAMP}"),
    sh("prefix-console-note", f"fold -w 15 | sed 's,^,{_NOTE},'"),
    sh("prefix-box", "fold -w 15 | sed 's/^/│ /; s/$/ │/'"),
    sh("table-cell", "fold -w 15 | awk '{printf \"| %-8s | %-15s | %-6s |\\n\", "
       "NR == 1 ? \"api_key\" : \"\", $0, NR == 1 ? \"text\" : \"\"}'"),
)  # fmt: skip
APART: Final[tuple[Way, ...]] = (
    sh("chars-lines", "grep -o ."),
    sh("chars-spaced", "sed 's/./& /g'"),
    sh("chars-commas", "sed 's/./&,/g'"),
    sh("chars-hyphens", "sed 's/./&-/g'"),
    sh("chars-pipes", "sed 's/./&|/g'"),
    sh("chars-list", "sed \"s/./'&', /g\""),
    sh("chars-json", "jq -Rsc 'split(\"\")'"),
    sh("chars-json-pretty", "jq -Rs 'split(\"\")'"),
    sh("chars-lines-stamped", f"grep -o . | {_STAMP}"),
    sh("chars-lines-numbered", "grep -o . | cat -n"),
    sh("chars-lines-clock", "grep -o . | sed 's/^/12:00:01 /'"),
    sh("chars-lines-kubectl", "grep -o . | sed 's/^/[pod\\/web-5d4f8-x2x9z\\/app] /'"),
    sh("chars-lines-buildkit", "grep -o . | sed 's/^/#12 0.345 /'"),
    sh("chars-grep-n", "grep -on ."),
    sh("chars-json-lines", "jq -R 'split(\"\")[]'"),
    sh(
        "chars-declare",
        "declare -a a; while IFS= read -r -d '' -n 1 c; do a+=(\"$c\"); done; declare -p a",
    ),
    sh("chars-brackets", "sed 's/./[&]/g'"),
    sh("chars-cr", "grep -o . | tr '\\n' '\\r'"),
    sh("chars-coloured", "sed 's/./\\x1b[38;5;39m&\\x1b[39m/g'"),
    sh(
        "chars-assigned",
        "awk '{for (i = 1; i <= length; i++) printf \"%d=%s \", i, substr($0, i, 1)}'",
    ),
    sh("chars-yaml-quoted", "jq -R 'split(\"\")[]' | sed 's/^/- /'"),
    sh("chars-traced", "jq -R 'split(\"\")[]' | sed 's/.*/read(0, &, 1)    = 1/'"),
    sh(
        "chars-elements",
        "sed 's/&/\\&amp;/g; s/</\\&lt;/g' | grep -oE '&[a-z]+;|.' | sed 's/.*/<char>&<\\/char>/'",
    ),
    sh("words-lines", "awk '{for (i = 1; i <= NF; i++) print $i}'"),
)
COLOURED: Final[tuple[Way, ...]] = (
    sh("grep-colour", "grep --color=always -E '[0-9]|$'"),
    sh("grep-colour-letters", "grep --color=always -E '[a-m]+|$'"),
    sh("grep-colour-part", 'grep --color=always -C 9 -F -- "$(head -c 5 "$V" | tail -c 2)" "$V"'),
    sh("grep-colour-n", "grep --color=always -nE '[A-Z]|$' \"$V\""),
    sh("colour-middle", "sed -E 's/(.{6})(.{3})/\\1\\x1b[1;31m\\2\\x1b[0m/'"),
    sh("colour-powershell", "sed -E 's/(.{5})(.)/\\1\\x1b[31;1m\\2\\x1b[0m\\x1b[36;1m/'"),
    sh("colour-erase", "sed 's/./&\\x1b[K/4g'"),
    sh("colour-hyperlink", "sed -E 's/.{6}/&\\x1b]8;;https:\\/\\/example.com\\x1b\\\\/'"),
)
TURNED: Final[tuple[Way, ...]] = (
    sh("upper", "tr a-z A-Z"),
    sh("lower", "tr A-Z a-z"),
    sh("upper-unicode", "sed 's/.*/\\U&/'"),
    sh("upper-awk", "awk '{print toupper($0)}'"),
    sh("upper-dd", "dd conv=ucase status=none"),
    sh("swapped-case", "tr a-zA-Z A-Za-z"),
    sh("rev", "rev"),
    sh("rev-whole", "perl -CS -0777 -ne 'print scalar reverse $_'"),
    sh("rev-bytes", "perl -0777 -ne 'print scalar reverse $_'"),
    sh("tac", "tac"),
    sh("rot13", "tr A-Za-z N-ZA-Mn-za-m"),
    sh("rot13-rev", "tr A-Za-z N-ZA-Mn-za-m | rev"),
    sh("rev-upper", "rev | tr a-z A-Z"),
    sh("rev-folded", "rev | fold -w 10"),
    sh("rot13-folded-stamped", f"tr A-Za-z N-ZA-Mn-za-m | fold -w 12 | {_STAMP}"),
)
_QUARTERS = "n=$(( (${#SUBJECT} * 3 + 3) / 4 ))"


def _part(name: str, command: str) -> Way:
    return sh(name, f"{_QUARTERS}; {command}", kinds=LONG, why=TOO_SHORT, alone=True)


PARTS: Final[tuple[Way, ...]] = (
    _part("first-quarters", "echo \"${SUBJECT:0:n}\""),
    _part("last-quarters", "echo \"${SUBJECT: -n}\""),
    _part("middle-quarters", "echo \"${SUBJECT:3:n}\""),
    _part("first-quarters-dots", "echo \"${SUBJECT:0:n}...\""),
    _part("first-quarters-stars", "echo \"${SUBJECT:0:n}****\""),
    _part("last-quarters-stars", "echo \"****${SUBJECT: -n}\""),
    _part("first-quarters-base64", "echo -n \"${SUBJECT:0:n}\" | base64 -w 0"),
    _part("ends-4-stars", "echo \"${SUBJECT:0:4}****${SUBJECT: -4}\""),
    _part("ends-5-stars", "echo \"${SUBJECT:0:5}********${SUBJECT: -5}\""),
    _part("ends-6-stars", "echo \"${SUBJECT:0:6}***${SUBJECT: -6}\""),
    _part("ends-6-dots", "echo \"${SUBJECT:0:6}...${SUBJECT: -6}\""),
    _part("ends-stars-length", "echo \"${SUBJECT:0:4}$(printf '%*s' $(( ${#SUBJECT} - 8 )) '' "
          "| tr ' ' '*')${SUBJECT: -4}\""),
)  # fmt: skip
WAYS: Final = (*WRAPPED, *PREFIXED, *APART, *COLOURED, *TURNED, *PARTS)
