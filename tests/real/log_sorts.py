"""Which tools print real logs, and what they are run on: scripts for bash."""

from typing import Final, NamedTuple


class Sort(NamedTuple):
    """One sort of log: what prints it."""

    name: str
    needs: str
    """The commands without which there is no such log."""
    script: str
    """For bash, in an empty folder; `$PACKAGES` and `$REPOSITORIES` hold what was fetched."""
    share: int = 10
    """Thousandths of all logs that this one has at most."""
    stamped: bool = False
    """Whether each line has GitHub's time before it."""
    encoded: bool = False
    """Whether much of it is base64 or digits, which may hold anything and has to be read."""


FETCH: Final = {
    "npm": """for one in typescript@5.3.3 typescript@5.4.5 react-dom@18.2.0 react-dom@18.3.1 \
        pdfjs-dist@3.11.174 pdfjs-dist@4.10.38 lodash@4.17.20 lodash@4.17.21; do
      mkdir -p npm/$one; npm pack --silent $one > packed
      tar xzf *.tgz -C npm/$one; rm -f *.tgz packed; done""",
    "python3": """for one in certifi==2023.7.22 certifi==2024.7.4 django==5.0 django==5.1 \
        botocore==1.34.0 botocore==1.35.0 faker==24.0.0 faker==30.0.0; do
      mkdir -p python3/$one; python3 -m pip download -q --no-deps $one
      python3 -m zipfile -e *.whl python3/$one; rm -f *.whl; done""",
    "go": """for one in golang.org/x/text@v0.14.0 golang.org/x/text@v0.21.0 \
        golang.org/x/crypto@v0.24.0 golang.org/x/crypto@v0.31.0 k8s.io/api@v0.29.0 \
        k8s.io/api@v0.31.0; do
      mkdir -p go/$one; GOFLAGS=-mod=mod go mod download $one
      cp -r $(go env GOMODCACHE)/$one/. go/$one; chmod -R u+w go/$one; done""",
}
"""What fetches several versions of some packages with each tool."""
COMMIT: Final = r"""
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Dev GIT_AUTHOR_EMAIL=dev@example.com
export GIT_COMMITTER_NAME=Dev GIT_COMMITTER_EMAIL=dev@example.com
for tool in */; do (
  git init -q ../repositories/$tool; cd ../repositories/$tool
  find ../../packages/$tool \( -name '*@*' -o -name '*==*' \) -prune | sort | while read -r one; do
    cp -r "$one"/. .; git add -A; git commit -qm "Take ${one##*/}"
    git rm -rqf . > /dev/null; done
); done
"""
"""Each version is one commit of the repository of its tool."""
_BINARY: Final = 'binary=$(readlink -f "$(command -v git)");'
_CERTIFICATES: Final = "cat /etc/ssl/certs/ca-certificates.crt"
_SOURCES: Final = r"""
mkdir src
for one in $(seq 400); do cat > src/f$one.c << END
#include <stdio.h>
int f$one(int x) { unsigned y = x; printf("%ld", y); return x % $one; }
END
done
cat > Makefile << 'END'
.RECIPEPREFIX := >
OBJECTS := $(patsubst src/%.c,%.o,$(wildcard src/*.c))
all: $(OBJECTS)
%.o: src/%.c
>$(CC) $(CFLAGS) -c $< -o $@
END
"""

SORTS: Final = (
    Sort("git-log-npm", "git npm", "cd $REPOSITORIES/npm; git log -p", 150, encoded=True),
    Sort("git-log-npm-colour", "git npm", """
      cd $REPOSITORIES/npm; git log -p --color --reverse""", 40),
    Sort("git-word-diff", "git npm", """
      cd $REPOSITORIES/npm; git log -p --word-diff --color -- '*.d.ts'""", 20),
    Sort("git-log-go", "git go", "cd $REPOSITORIES/go; git log -p", 100, stamped=True),
    Sort("git-log-go-graph", "git go", "cd $REPOSITORIES/go; git log -p --graph --patience", 40),
    Sort("git-log-pip", "git python3", "cd $REPOSITORIES/python3; git log -p", 120, encoded=True),
    Sort("git-log-binary", "git npm", """
      cd $REPOSITORIES/npm; git log -p --binary -- '*.bcmap' '*.wasm' '*.gif' '*.pfb'""",
      encoded=True),
    Sort("git-objects", "git go", """
      cd $REPOSITORIES/go; git log --raw --no-abbrev --stat; git ls-tree -rl HEAD
      git cat-file --batch-check --batch-all-objects""", 20, stamped=True),
    Sort("go-build", "go", """
      export GOCACHE=$PWD/c; go build -a -x -v encoding/json 2>&1; go build -a -n -v std 2>&1""",
      20, stamped=True),
    Sort("go-test", "go", """
      export GOCACHE=$PWD/c
      go test -v strconv encoding/json encoding/base64 2>&1""", 5, stamped=True),
    Sort("go-list", "go", "go list -json -deps std; go tool dist list -json; go env -json", 10),
    Sort("go-objdump", "go", "go tool nm -size $(go env GOROOT)/bin/go | head -50000"),
    Sort("npm-silly", "npm", """
      for one in webpack eslint jest; do
        npm install --loglevel silly --color=always --cache=$PWD/$one --prefix=$PWD/p $one 2>&1
      done; cat p/package-lock.json; npm ls --all --json --long --prefix=$PWD/p""",
      20, stamped=True),
    Sort("npm-min-js", "npm", """
      find $PACKAGES/npm -name '*.map' -o -name '*.min.*' -o -name '*.bcmap' |
        sort | xargs cat""", 40, encoded=True),
    Sort("npm-view", "npm", "for one in typescript webpack react; do npm view $one --json; "
      "curl -sf $(npm config get registry)$one; done", 20),
    Sort("pip-vvv", "python3", """
      python3 -m venv v
      v/bin/pip install -vvv --no-cache-dir django botocore requests cryptography 2>&1
      v/bin/pip inspect; v/bin/pip freeze --all; v/bin/pip show -f django botocore""",
      20, stamped=True),
    Sort("pytest", "python3", """
      cd "$PROJECT"
      "$PYTHON" -m pytest -vv --color=yes --durations=0 -p no:cacheprovider tests/unit/leaks""",
      10, stamped=True, encoded=True),
    Sort("pytest-debug", "python3", """
      printf '%s\\n' 'import os, pytest, random' '@pytest.mark.parametrize("n", range(2000))' \
        'def test(n):' '    rows = {str(i): os.urandom(16) for i in range(n % 40)}' \
        '    print(rows, list(os.urandom(40)), os.urandom(50).hex())' \
        '    assert sorted(rows) == [list(rows), n]' > test_x.py
      "$PYTHON" -m pytest -vv -l --color=yes --tb=long -p no:cacheprovider .""", 20,
      encoded=True),
    Sort("unittest", "python3", """
      python3 -m unittest -v test.test_json test.test_base64 test.test_struct test.test_re 2>&1
      for one in argparse json.tool ast; do python3 -m trace -t --module $one -h; done 2>&1""", 20),
    Sort("python-verbose", "python3", "python3 -v -X importtime -c 'import pydoc, asyncio, xml.sax;"
      "help(\"modules\")' 2>&1; python3 -m dis $(python3 -c 'import typing; print("
      "typing.__file__)'); python3 -m tokenize $(python3 -c 'import ast; print(ast.__file__)')",
      20, stamped=True),
    Sort("apt-debug", "apt-get apt-cache dpkg", """
      apt-get -s -o Debug::pkgProblemResolver=1 -o Debug::pkgDepCache::Marker=1 \
        -o Debug::pkgDepCache::AutoInstall=1 install build-essential texlive default-jdk 2>&1
      dpkg -l; apt-cache dumpavail; dpkg -s""", 20, stamped=True),
    Sort("make-debug", "make gcc", _SOURCES + "make -d -p CFLAGS='-Wall -Wextra -g' 2>&1", 20,
      stamped=True),
    Sort("gcc-verbose", "gcc", _SOURCES + """
      for one in src/f?.c; do gcc -v -Wall -Wextra -fdiagnostics-color=always -H -S \
        -fverbose-asm -o - $one; gcc -E -dD $one; done 2>&1"""),
    Sort("objdump", "objdump readelf", _BINARY + """
      readelf -aW $binary; objdump -d $binary; nm -D $binary; strings -t x $binary""", 30),
    Sort("javap", "javap", "javap -c -v -p java.lang.String java.util.HashMap java.io.File "
      "java.math.BigInteger sun.security.ssl.SSLContextImpl"),
    Sort("java-verbose", "java", "java -Xlog:all=debug -version 2>&1; java -Xlog:class* -version"),
    Sort("mvn", "mvn", "mvn -X -B -e validate 2>&1; mvn -X -version 2>&1", 5),
    Sort("strace", "strace", "strace -f -tt -v -s 256 -x ls -lR /usr/lib/python3 2>&1", 20),
    Sort("find-ls", "find", "find /usr -xdev -ls; ls -lRi --time-style=full-iso /usr/share", 30,
      stamped=True),
    Sort("tar-list", "tar", "tar cf - -C /usr share lib | tar tvf -", 20),
    Sort("sums", "sha256sum", """
      find /usr/share /usr/lib -xdev -type f -size -1000k -print0 |
        tee >(head -zn 20000 | xargs -0 sha512sum >&2) | xargs -0 sha256sum 2>&1""", 20),
    Sort("md5-base64", "openssl", """
      find /usr/share -xdev -type f -size -100k | head -3000 | while read -r one; do
        printf 'sha512-%s %s\\n' "$(openssl dgst -sha512 -binary "$one" | base64 -w0)" "$one"
      done""", 5),
    Sort("certificates", "openssl", _CERTIFICATES + """
      openssl crl2pkcs7 -nocrl -certfile /etc/ssl/certs/ca-certificates.crt |
        tee /dev/stderr | openssl pkcs7 -print_certs -text 2>&1
      for one in /etc/ssl/certs/*.pem; do openssl x509 -in $one -text -fingerprint -sha256;
        openssl asn1parse -i -in $one; done 2>&1""", 20, encoded=True),
    Sort("keys", "openssl", """
      for one in $(seq 60); do openssl genrsa 2048 2>/dev/null | tee k.pem
        openssl pkey -in k.pem -text; openssl ecparam -genkey -name prime256v1 |
        openssl ec -text 2>&1; openssl rand -base64 4000; openssl rand -hex 4000; done""", 10,
      encoded=True),
    Sort("hexdump-C", "hexdump", _BINARY + "hexdump -C $binary", 20, encoded=True),
    Sort("xxd", "xxd", _BINARY + "xxd $binary", 20, stamped=True, encoded=True),
    Sort("xxd-plain", "xxd", _BINARY + "xxd -p $binary; xxd -i $binary", encoded=True),
    Sort("od", "od", _BINARY + """
      for one in -c -tx1 -tx2 -tu1 -td4 -to2 -a -tx8z; do od $one $binary | head -60000; done""",
      20, encoded=True),
    Sort("base64", "base64", _BINARY + "base64 $binary; gzip -c $binary | base64 -w0", 10,
      encoded=True),
    Sort("locks", "npm cargo", """
      find /usr $(npm root -g) $HOME/.cargo -xdev \\( -name package-lock.json -o -name yarn.lock \
        -o -name Cargo.lock -o -name go.sum -o -name '*.lock' \\) -size -4000k -print0 |
        head -zn 300 | xargs -0 cat""", 20),
    Sort("json-log", "jq go", """
      export GOCACHE=$PWD/c; go build -a -n -v std 2>&1 |
        jq -Rc '{log: (. + "\\n"), stream: "stderr", time: (now | todate)}'""", 10),
    Sort("headers", "gcc", "find /usr/include -name '*.h' | sort | xargs cat", 20, stamped=True),
    Sort("documents", "find", "find /usr/share/doc /usr/share/man -name '*.gz' | sort | "
      "xargs zcat", 20),
)  # fmt: skip
