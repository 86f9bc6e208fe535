"""base64 and its relatives, as tools print them."""

from typing import Final

from tests.data.corpus.shell import sh
from tests.data.corpus.way import Way

_PADDED_TO_4 = "{ cat; n=$(stat -c %s \"$V\"); printf '%*s' $(( (4 - n % 4) % 4 )) ''; }"
_STAMP = "sed 's/^/2026-03-01T12:00:01.1234567Z /'"

BASE64: Final[tuple[Way, ...]] = (
    sh("base64", "base64"),
    sh("base64-w0", "base64 -w 0"),
    *(sh(f"base64-w{n}", f"base64 -w {n}") for n in (1, 2, 3, 5, 8, 10, 13, 20, 32, 40, 64)),
    sh("base64-openssl", "openssl base64"),
    sh("base64-openssl-enc", "openssl enc -base64 -A"),
    sh("base64-busybox", "busybox base64"),
    sh("base64-url", "basenc --base64url -w 0"),
    sh("base64-url-bare", "basenc --base64url -w 0 | tr -d ="),
    sh("base64-bare", "base64 -w 0 | tr -d ="),
    sh("base64-echo", 'echo "$SUBJECT" | base64'),
    sh("base64-twice", "base64 -w 0 | base64 -w 0"),
    sh("base64-twice-wrapped", "base64 | base64"),
    sh("base64-twice-mixed", "base64 | base64 -w 0"),
    sh("base64-thrice", "base64 -w 0 | base64 -w 0 | base64 -w 0"),
    sh("base64-thrice-wrapped", "base64 | base64 | base64"),
    sh("base64-url-twice", "basenc --base64url -w 0 | basenc --base64url -w 0"),
    sh("base64-reversed", "base64 -w 0 | rev"),
    sh("base64-of-reversed", "rev | base64 -w 0"),
    sh("base64-rot13", "base64 -w 0 | tr A-Za-z N-ZA-Mn-za-m"),
    sh("base64-grouped", "base64 -w 4 | paste -sd ' '"),
    sh("base64-grouped-8", "base64 -w 8 | paste -sd '-'"),
    sh("base64-grouped-5", "base64 -w 5 | paste -sd ' '"),
    sh("base64-spaced", "base64 -w 1 | paste -sd ' '"),
    sh("base64-crlf", "base64 | sed 's/$/\\r/'"),
    sh("base64-indented", "base64 | sed 's/^/      /'"),
    sh("base64-quoted-lines", "base64 -w 60 | sed 's/.*/    \"&\" +/'"),
    sh("base64-compose", "base64 | sed 's/^/web-1  | /'"),
    sh("base64-stamped", f"base64 | {_STAMP}"),
    sh("base64-numbered", "base64 -w 40 | cat -n"),
    sh("base64-buildkit", "base64 -w 48 | sed 's/^/#12 0.345 /'"),
    sh("base64-cat-a", "base64 -w 50 | cat -A"),
    sh("base64-folded-again", "base64 -w 0 | fold -w 30"),
    sh("base64-in-json", "base64 | jq -Rs '{data: .}'"),
    sh("base64-data-url", "printf 'data:text/plain;base64,'; base64 -w 0"),
    sh("base64-mime-perl", "perl -MMIME::Base64 -0777 -ne 'print encode_base64($_, \"\\r\\n\")'"),
    sh("base64-asn1", "openssl base64 -A | fold -w 64 | sed '1i -----BEGIN CMS-----\n"
       "$a -----END CMS-----'"),
)  # fmt: skip

OTHERS: Final[tuple[Way, ...]] = (
    sh("base32", "base32"),
    sh("base32-hyphens", "base32 -w 0 | sed 's/..../&-/g'"),
    sh("base32-w0", "base32 -w 0"),
    sh("base32-w16", "base32 -w 16"),
    sh("base32-bare", "base32 -w 0 | tr -d ="),
    sh("base32-lower", "base32 -w 0 | tr A-Z a-z | tr -d ="),
    sh("base32-grouped", "base32 -w 4 | paste -sd ' '"),
    sh("base32-stamped", f"base32 -w 40 | {_STAMP}"),
    sh("base32hex", "basenc --base32hex -w 0"),
    sh("base32hex-wrapped", "basenc --base32hex"),
    sh("z85", f"{_PADDED_TO_4} | basenc --z85 -w 0", outside=False),
    sh("z85-wrapped", f"{_PADDED_TO_4} | basenc --z85"),
    sh("uuencode", "busybox uuencode key.txt"),
    sh("uuencode-base64", "busybox uuencode -m key.txt"),
    sh("uuencode-perl", "perl -0777 -ne 'print pack \"u\", $_'"),
)

WAYS: Final = (*BASE64, *OTHERS)
