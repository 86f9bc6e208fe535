"""git, curl and wget, and the server on loopback that the clients talk to."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from tests.data.corpus.shell import sh
from tests.data.corpus.way import ASCII, LINE, MANY_LINES, Way

_REPO: Final = "git init -q . && git commit -q --allow-empty -m one"
_CHANGED: Final = (
    f'{_REPO} && tr -d 0-9A-Ma-f <"$V" >key && git add key && git commit -q -m two && cp "$V" key'
)
_ADDED: Final = f'{_REPO} && cp "$V" key && git add key && git commit -q -m two'
_SAID: Final = f'{_REPO} && git commit -q --allow-empty --cleanup=verbatim -F "$V"'
_HEADER: Final = "S=${SUBJECT//$'\\n'/ }"
_QUOTED: Final = 'Q=${S//\\\\/\\\\\\\\}; Q=${Q//\\"/\\\\\\"}'
_NO_NAME: Final = "a file's name holds no slash, and has at most 255 bytes"
_NO_DOTS: Final = "it prints every byte beyond ASCII as a dot"

GIT: Final[tuple[Way, ...]] = (
    sh("git-diff", f"{_CHANGED} && git diff"),
    sh("git-diff-colour", f"{_CHANGED} && git diff --color=always"),
    sh("git-word-diff", f"{_CHANGED} && git diff --word-diff=plain --word-diff-regex=."),
    sh("git-color-words", f"{_CHANGED} && git diff --color=always --color-words=."),
    sh("git-log-p", f"{_ADDED} && git log -p"),
    sh("git-log-p-colour", f"{_ADDED} && git log -p --color=always"),
    sh("git-log-graph", f"{_ADDED} && git log -p --graph --color=always"),
    sh("git-show", f"{_ADDED} && git show HEAD:key"),
    sh("git-blame", f"{_ADDED} && git blame key"),
    sh("git-grep", f"{_ADDED} && git grep -n --color=always '' HEAD"),
    sh("git-format-patch", f"{_ADDED} && git format-patch --stdout -1"),
    sh("git-binary-patch", f"{_REPO} && {{ printf 'PK\\0\\1'; cat; }} >key && git add key && "
       "git diff --cached --binary"),
    sh("git-message", f"{_SAID} && git log -1"),
    sh("git-message-oneline", f"{_SAID} && git log -1 --oneline --no-abbrev-commit"),
    sh("git-message-patch", f"{_SAID} && echo x >key && git add key && git commit -q --amend "
       "--no-edit && git format-patch --stdout -1"),
    sh("git-message-shell", f"{_SAID} && git for-each-ref --shell --format='%(contents)'"),
    sh("git-message-perl", f"{_SAID} && git for-each-ref --perl --format='%(contents)'"),
    sh("git-message-tcl", f"{_SAID} && git for-each-ref --tcl --format='%(contents)'"),
    sh("git-config-l", f'{_REPO} && git config ci.token "$SUBJECT" && git config -l'),
    sh("git-config-file", f'{_REPO} && git config ci.token "$SUBJECT" && cat .git/config'),
    sh("git-remote", f'{_REPO} && {_HEADER} && git remote add ci "https://ci:$S@example.com/a.git" '
       "&& git remote -v", kinds=LINE, why=MANY_LINES),
    sh("git-trace", f'{_REPO} && GIT_TRACE=1 git log -F --grep="$SUBJECT" 2>&1'),
    sh("git-status", f'{_REPO} && touch -- "$SUBJECT" && git status --short', alone=True,
       kinds=("token", "password", "short", "nonascii"), why=_NO_NAME),
)  # fmt: skip
CURL: Final[tuple[Way, ...]] = (
    sh("curl-v-header", f"{_HEADER}; curl -sv -H @<(printf 'X-Token: %s' \"$S\") \"$URL\" 2>&1",
       kinds=LINE, why=MANY_LINES),
    sh("curl-v-basic", f"{_HEADER}; {_QUOTED}; curl -sv -K <(printf 'user = \"ci:%s\"' \"$Q\") "
       "\"$URL\" 2>&1", kinds=LINE, why=MANY_LINES),
    sh("curl-v-bearer", f"{_HEADER}; {_QUOTED}; curl -sv -K "
       "<(printf 'oauth2-bearer = \"%s\"' \"$Q\") \"$URL\" 2>&1", kinds=LINE, why=MANY_LINES),
    sh("curl-v-cookie", f"{_HEADER}; {_QUOTED}; curl -sv -K <(printf 'cookie = \"s=%s\"' \"$Q\") "
       "\"$URL\" 2>&1", kinds=LINE, why=MANY_LINES),
    sh("curl-v-query", "curl -sv -G --data-urlencode \"token@$V\" \"$URL\" 2>&1"),
    sh("curl-w", "curl -s -G --data-urlencode \"token@$V\" -w '%{url_effective}' \"$URL\""),
    sh("curl-trace", "curl -s --trace - --data-binary \"@$V\" \"$URL\""),
    sh("curl-trace-ascii", "curl -s --trace-ascii - --data-binary \"@$V\" \"$URL\"",
       kinds=ASCII, why=_NO_DOTS),
    sh("curl-trace-time", "curl -s --trace - --trace-time --data-binary \"@$V\" \"$URL\""),
    sh("curl-trace-form", "curl -s --trace-ascii - -F \"token=<$V\" \"$URL\"",
       kinds=ASCII, why=_NO_DOTS),
    sh("curl-trace-urlencoded", "curl -s --trace - --data-urlencode \"token@$V\" \"$URL\""),
    sh("curl-trace-basic", f"{_HEADER}; {_QUOTED}; curl -s --trace - -K "
       "<(printf 'user = \"ci:%s\"' \"$Q\") \"$URL\"", kinds=LINE, why=MANY_LINES),
    sh("curl-trace-ascii-json", "jq -Rs '{token: .}' | curl -s --trace-ascii - -d @- \"$URL\"",
       kinds=ASCII, why=_NO_DOTS),
    sh("wget-d", f"{_HEADER}; echo \"header = X-Token: $S\" >rc; "
       "WGETRC=rc wget -d -O- \"$URL\" 2>&1",
       kinds=LINE, why=MANY_LINES),
)  # fmt: skip
WAYS: Final = (*GIT, *CURL)


class _Handler(BaseHTTPRequestHandler):
    """Takes anything, says little."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    do_POST = do_GET  # noqa: N815  # NOTE: the name that the server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the values out of our own output."""


@contextmanager
def server() -> Iterator[str]:
    """A server on loopback; gives its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        thread = Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/login"
        finally:
            http.shutdown()
            thread.join()
