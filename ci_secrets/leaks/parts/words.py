"""Whether a text is made of words and usual numbers, so that it may stand in any log."""

import re
from itertools import pairwise
from typing import Final

MAX_CHARACTERS: Final = 256
"""Longer texts are no words here: nobody prints so long a text by chance."""
OPAQUE: Final = 7
"""Characters in runs that are no words from which a text is not wordy."""

# NOTE: twice the binary logarithm of how much likelier two letters stand next to each other in a
# word than by chance, cut to 0..9 (about 3.7 is no difference), rows and columns from a to z. Made
# from 12,000 words and abbreviations that stand in documentation and source text.
_PAIRS: Final = (
    "47884573715988171989665552", "64546530742732640664611240", "84658558617754953768653240",
    "75579533821645742764644340", "86897764534889575998565852", "64566732800644741665602340",
    "53538345601546740664522111", "71348310602443730545502030", "77877772313889872788372506",
    "40004100201000320040400100", "41137342600434330264203010", "84579441904834841467642171",
    "85458323703663771365621230", "84888694736546743489663141", "56874662525779670977777422",
    "83548445705743761867623150", "20020000100201000330600000", "84669563806666861787654260",
    "74759457815665774589735463", "84659548913654860887634473", "66656551600768461777110402",
    "62438422600443530344123100", "72335215600315520552202200", "54546513500242360246221330",
    "31324211400355360365002012", "30006010400000200110000013",
)  # fmt: skip
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SCORE: Final = {
    first + second: int(score)
    for first, row in zip(_LETTERS, _PAIRS, strict=True)
    for second, score in zip(_LETTERS, row, strict=True)
}
_WORD_SCORE: Final = 5.6
"""The mean from which eight letters in a row are a word; one in ten random ones is, one in a
hundred words is not, and longer ones are told better."""
_SPOKEN: Final = 6
"""The mean of short words with digits between them; one in thirty random texts has it."""

# NOTE: the usual words of settings and logs whose letters stand oddly next to each other.
_KNOWN: Final = frozenset(
    "amd arm arm64 amd64 x86 i386 utf utf8 utf16 http https html xhtml xml yaml "  # noqa: SIM905
    "yml json jsonb jwt jwk jwks ssh sshd ssl tls mtls tcp udp sftp smtp imap ldap ldaps dns dhcp "
    "vpc vpn cdn aws gcp gke eks aks ec2 ecr ecs rds sqs sns kms ssm iam rbac oidc saml oauth "
    "oauth2 sso mfa totp hmac sha1 sha256 sha384 sha512 md5 rsa ecdsa ed25519 x25519 secp256k1 "
    "prime256v1 pkcs pkcs1 pkcs8 pkcs12 x509 pem der csr crt npm pnpm npmjs npmrc pypi pypirc "
    "mysql pgsql psql postgresql sqlite mssql mongodb mongo nosql kubectl kubelet kubeconfig "
    "kubernetes k8s nginx httpd xargs stdin stdout stderr ctrl src lib bin etc usr tmp opt var "
    "dev prod stg qa cfg config ctx env ghcr gcr quay github gitlab githubusercontent bitbucket "
    "jfrog sonarqube gserviceaccount googleapis amazonaws cloudfront s3 v1 v2 v3 v4 v1beta1 "
    "v1beta2 v1alpha1 v2beta1 ipv4 ipv6 http2 log4j base64 i18n l10n a11y localhost xlarge vcpu "
    "cpu gpu ttl url urls uri uris fqdn cidr asn uuid guid".split()
)
_RUN: Final = re.compile(r"[^\W_]+")
_LETTERS_IN_ROW: Final = re.compile(r"[A-Za-z]{2,}")
_PIECE: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+")
_NUMBERS: Final = re.compile(
    r"[vV]?[-+0-9TZ:.,/_ ^~<>=|*()]+|[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}(/\d+)?"
)
_LONG_NUMBER: Final = re.compile(r"[0-9]{16}")
_ODD: Final = re.compile(r"[!$^~|*;\\`%&?#+](?=\S)")
_KINDS: Final = tuple(map(re.compile, ("[a-z]", "[A-Z]", "[0-9]", "[!$^~|*;\\\\`%&?#+=@]")))
_LINK: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:/)?/[^\s@]*|[\w.-]*\?[^\s@]*")


def is_wordy(text: str) -> bool:
    """Whether a text is words, names, places, versions, dates or numbers rather than random.

    Says yes for a text of very few different characters too. Of texts longer than
    `MAX_CHARACTERS` it always says no.
    """
    if len(text) > MAX_CHARACTERS:
        return False
    if len(set(text)) <= 3 or _NUMBERS.fullmatch(text):
        return not _LONG_NUMBER.search(text) or len(set(text)) <= 3
    runs = _RUN.findall(text)
    opaque = 0 if _LINK.fullmatch(text) else 2 * len(_ODD.findall(text))
    opaque += sum(len(run) for run in runs if _is_opaque(run))
    if opaque >= OPAQUE or 2 * opaque >= sum(map(len, runs)) or _is_mixed(text, runs):
        return False
    return _reads(text.lower(), runs)


def may_be_words(text: str) -> bool:
    """Whether words and numbers may take turns in letters and digits, as in `cats4dogs2`."""
    words = sum(map(len, _LETTERS_IN_ROW.findall(text)))
    pieces = len(_PIECE.findall(text))
    scores = _scores(text)
    return (
        5 * words >= 3 * len(text) >= 6 * pieces  # most of it, in pieces of two on average
        and sum(scores) >= _SPOKEN * len(scores)
    )


def _is_mixed(text: str, runs: list[str]) -> bool:
    """Whether small, large, digits and marks take turns as only a password generator has them."""
    if sum(kind.search(text) is not None for kind in _KINDS) < 3:
        return False
    pieces = sum(len(_PIECE.findall(run)) for run in runs)
    return 2 * sum(map(len, runs)) < 5 * pieces


def _reads(text: str, runs: list[str]) -> bool:
    """Whether all letters together read like words, and there is a word at all."""
    if not any(len(run) > 2 and not run.isdigit() for run in runs):
        return False
    if _is_row(text) or any(run.lower() in _KNOWN for run in runs):
        return True
    scores = _scores(text)
    return len(scores) < OPAQUE or sum(scores) >= _WORD_SCORE * len(scores)


def _scores(text: str) -> list[int]:
    """Those of every two letters that stand next to each other."""
    return [_SCORE[pair] for pair in map("".join, pairwise(text.lower())) if pair in _SCORE]


def _is_opaque(run: str) -> bool:
    """Whether letters and digits without anything between them are no word."""
    if run.lower() in _KNOWN:
        return False
    if run.isdigit():
        return len(run) > 15
    if not run.isascii() and run.isalpha():  # NOTE: whose letters are not told here
        return False
    pieces = _PIECE.findall(run)
    digits = [len(piece) for piece in pieces if piece.isdigit()]
    if len(digits) > 1 or (digits and not _is_numbered(pieces, sum(digits))):
        return True
    words = [piece for piece in pieces if not piece.isdigit()]
    letters = len(run) - sum(digits)
    if len(words) > 1 and letters < 3 * len(words):  # `QmFzZV`, not `userName`
        return True
    return letters >= 4 and not _is_word("".join(words).lower(), strict=len(words) == 1)


def _is_numbered(pieces: list[str], digits: int) -> bool:
    """Whether the digits of a run stand before or after its letters, and are not most of it."""
    letters = sum(map(len, pieces)) - digits
    outside = pieces[0].isdigit() or pieces[-1].isdigit()
    return outside and (digits <= 4 or letters >= 3)


def _is_word(letters: str, *, strict: bool) -> bool:
    """Whether letters read like a word; short ones nearly always do."""
    if _is_row(letters):
        return True
    total = sum(_SCORE.get(letters[at : at + 2], 0) for at in range(len(letters) - 1))
    floor = _WORD_SCORE if strict and len(letters) > OPAQUE else _WORD_SCORE - 2
    return total >= floor * (len(letters) - 1)


def _is_row(letters: str) -> bool:
    """Whether it is `abcdefgh`, `aaaaaaab`, or the like."""
    steps = sum(ord(second) - ord(first) in (0, 1) for first, second in pairwise(letters))
    return 2 * steps > len(letters)
