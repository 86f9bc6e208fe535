"""What the name of a field says of its value: a secret, no secret, or nothing."""

import re
from functools import lru_cache
from typing import Final, Literal

Says = Literal["secret", "plain", ""]

_SECRET: Final = frozenset(
    "password passwords passwd passphrase passcode pass pwd pw secret secrets "  # noqa: SIM905
    "token tokens auth authorization credential credentials creds pat jwt bearer apikey cookie "
    "otp pin seed mnemonic webhook signature sig sas hmac session sid".split()
)
_KEY: Final = frozenset(("key", "keys"))
_GLUED: Final = re.compile(
    r".*(?:password|passwd|passphrase|secret|token|apikey|accesskey|secretkey|privatekey|"
    r"accountkey|authkey)"
)
# NOTE: of `db_host`, `userName`, `keyFile` the last word says what is held.
_HELD: Final = frozenset(
    "type kind name names username user users login email mail host hostname "  # noqa: SIM905
    "port server endpoint address addr domain region zone location path file filename dir "
    "directory folder format version versions algorithm alg algo issuer audience aud iss scope "
    "scopes subject method mode provider backend driver protocol scheme realm expiry expires "
    "expiration expire ttl lifetime timeout interval duration date time timestamp created updated "
    "at until count size length limit max min policy policies status state enabled disabled "
    "required description comment label labels title note notes project account org organization "
    "team group groups role roles environment namespace cluster context database db dbname "
    "dbinstanceidentifier schema table engine bucket queue topic workspace tenant apiversion "
    "fingerprint thumbprint sha commit revision checksum digest etag kid universe "
    "interactivemode command args usages pub pubkey store helper helpers".split()
)
_PUBLIC: Final = frozenset(
    ("public", "cert", "certs", "certificate", "certificates", "crt", "ca", "csr", "jwks")
)
_PUBLIC_NAMES: Final = frozenset(("serial number", "private key id"))
"""What every certificate, and every token of a Google service account shows."""
# NOTE: of `secretKey`; other keys order, find or press something, or are too random for words.
_DOORS: Final = frozenset(
    "access account admin api auth client deploy encryption host license master private "  # noqa: SIM905
    "secret service shared signing ssh storage tls wrapping".split()
)
_ID: Final = frozenset(("id", "ids", "uuid", "guid", "arn", "accessor"))
_SECRET_IDS: Final = frozenset(("secret", "session"))
JWK_PUBLIC: Final = frozenset(
    "kty crv n e x y kid alg use key_ops ext x5t x5t#S256 x5u x5c".split()  # noqa: SIM905
)
"""Members of a JSON Web Key that its public key has too. Source: RFC 7517 §4, 7518 §6."""
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MAX_KEY: Final = 200
"""Characters; a longer one is a text of its own and says nothing."""


@lru_cache(4096)
def says(key: str) -> Says:
    """Judge the last part of a name such as `DB_PASSWORD`, `tokenUri`, `client-key-data`.

    An id is no secret, but for Vault's `secret_id` and ids of sessions; ids of access keys say
    nothing (they are random, and seldom printed but with the key). `uri` and `url` say
    nothing either: what stands in them decides.
    """
    if len(key) > MAX_KEY:
        return ""
    words = [word.lower() for word in _WORD.findall(key)]
    if not words:
        return ""
    if " ".join(words) in _PUBLIC_NAMES:
        return "plain"
    every, last = set(words), words[-1]
    if last in _ID:
        return "secret" if every & _SECRET_IDS else "" if every & _KEY else "plain"
    if every & _PUBLIC:
        return "plain"
    if last in _HELD:  # `token_type`, but `PASSWORD_DB` too
        return "" if every & _SECRET else "plain"
    if last in ("uri", "url", "uris", "urls", "dsn") and "webhook" not in every:
        return ""
    if every & _SECRET or any(map(_GLUED.fullmatch, words)):
        return "secret"
    return "secret" if every & _KEY and every & _DOORS else ""
