"""How shells, and tools that quote as shells do, print a value."""

from typing import Final

from tests.data.corpus.shell import sh
from tests.data.corpus.way import LINE, MANY_LINES, Way

_NAMES: Final = ("token", "password", "short", "nonascii")
_WHY_NAMES: Final = "a file's name holds no slash, and has at most 255 bytes"
_NO_ESCAPES: Final = ("token", "cloud", "short", "nonascii", "pem")
_WHY_NO_ESCAPES: Final = "it expands backslashes, so something else is printed"

BASH: Final[tuple[Way, ...]] = (
    sh("plain", "cat"),
    sh("echo-words", "set -f; echo $SUBJECT"),
    sh("printf-q", "printf '%q\\n' \"$SUBJECT\""),
    sh("bash-at-q", 'echo "${SUBJECT@Q}"'),
    sh("bash-at-e", 'echo "${SUBJECT@E}"', kinds=_NO_ESCAPES, why=_WHY_NO_ESCAPES),
    sh("bash-at-a", 'X=$SUBJECT; echo "${X@A}"'),
    sh("bash-at-k", 'declare -A X=([key]=$SUBJECT); echo "${X[@]@K}"'),
    sh("declare-p", "declare -p SUBJECT"),
    sh("declare-p-array", 'X=(a "$SUBJECT" b); declare -p X'),
    sh("declare-f", 'eval "f() { curl -u ${SUBJECT@Q} https://example.com; }"; declare -f f'),
    sh("export-p", "export -p | sed -n '/ SUBJECT=/,/^declare -x [^S]/p'"),
    sh("set", "set"),
    sh("alias", 'alias key="$SUBJECT"; alias key'),
    sh("bash-x", "bash -xc ': \"$SUBJECT\"' 2>&1"),
    sh("bash-x-header", "bash -xc 'curl() { :; }; curl -H \"Bearer: $SUBJECT\" ex.org' 2>&1"),
    sh("bash-x-assign", "bash -xc 'TOKEN=$SUBJECT' 2>&1"),
    sh("bash-x-test", "bash -xc '[[ \"$SUBJECT\" == x ]]' 2>&1 || true"),
    sh("bash-x-pattern", "bash -xc '[[ x == \"$SUBJECT\" ]]' 2>&1 || true"),
    sh("bash-x-echo", "bash -xc 'echo $SUBJECT' 2>&1 >/dev/null"),
    sh("bash-v", 'bash -vc "KEY=${SUBJECT@Q}" 2>&1; bash -v <<<"KEY=${SUBJECT@Q}" 2>&1'),
    sh("bash-number", '{ [ "$SUBJECT" -eq 1 ]; } 2>&1 || true'),
    sh("bash-printf-d", 'printf %d "$SUBJECT" 2>&1 || true'),
    sh("bash-ps4", "PS4='+ 12:00:01 deploy.sh:14: ' bash -xc ': key \"$SUBJECT\"' 2>&1"),
)  # fmt: skip
OTHER_SHELLS: Final[tuple[Way, ...]] = (
    sh("dash-x", "dash -xc ': \"$SUBJECT\"' 2>&1"),
    sh("dash-x-assign", "dash -xc 'TOKEN=$SUBJECT' 2>&1"),
    sh("dash-export-p", "dash -c 'export -p' | sed -n '/SUBJECT=/,/^export [^S]/p'"),
    sh("dash-set", "dash -c set"),
    sh("dash-echo", "dash -c 'echo \"$SUBJECT\"'", kinds=(*_NO_ESCAPES, "json"),
       why=_WHY_NO_ESCAPES),
    sh("zsh-x", "zsh -fxc ': \"$SUBJECT\"' 2>&1"),
    sh("zsh-typeset", "zsh -fc 'typeset -p SUBJECT'"),
    sh("zsh-q", "zsh -fc 'print -r -- ${(q)SUBJECT} ${(qqq)SUBJECT} ${(qqqq)SUBJECT}'"),
    sh("ash-x", "busybox ash -xc ': \"$SUBJECT\"' 2>&1"),
    sh("ash-set", "busybox ash -c set"),
    sh("xargs-t", "printf '%s\\0' \"$SUBJECT\" | xargs -0 -t true 2>&1"),
)  # fmt: skip
ENVIRONMENT: Final[tuple[Way, ...]] = (
    sh("env", "env"),
    sh("env-sorted", "env | sort"),
    sh("env-0", "env -0", outside=False),
    sh("printenv", "printenv SUBJECT"),
    sh("environ", "cat /proc/self/environ | tr '\\0' '\\n'"),
    sh("cmdline", 'bash -c "cat /proc/\\$\\$/cmdline; :" deploy "$SUBJECT"', outside=False),
    sh("make", "printf 'all:\\n\\t@echo \"$$SUBJECT\"\\n' | make -sf - SHELL=/bin/bash"),
    sh("make-n", "printf 'all:\\n\\tcurl -u ci:$(SUBJECT) https://example.com\\n' | make -nf -",
       kinds=("token", "cloud", "nonascii"), why="make expands what begins with a dollar, and "
       "ends a line where the value does"),
    sh("perl-env", "perl -e 'print qq($_=$ENV{$_}\\n) for sort keys %ENV'"),
)  # fmt: skip
NAMES: Final[tuple[Way, ...]] = (
    *(
        sh(name, f'touch -- "$SUBJECT"; {command}', kinds=_NAMES, why=_WHY_NAMES, alone=True)
        for name, command in (
            ("ls-b", "ls -b"),
            ("ls-q", "ls -Q"),
            ("ls-shell", "ls -l --quoting-style=shell-escape-always"),
            ("ls-c", "ls --quoting-style=c-maybe"),
            ("ls-colour", "ls -l --color=always"),
            ("rm-v", 'rm -v -- "$SUBJECT"'),
            ("find", "find . -type f"),
            ("stat", 'stat -- "$SUBJECT"'),
        )
    ),
    sh("cat-missing", 'cat -- "$SUBJECT" 2>&1 || true', kinds=LINE, why=MANY_LINES),
    sh("ls-missing", 'ls -- "$SUBJECT" 2>&1 || true'),
    sh("bash-missing", '"$SUBJECT" 2>&1 || true', kinds=_NAMES, why=_WHY_NAMES, alone=True),
)
WAYS: Final = (*BASH, *OTHER_SHELLS, *ENVIRONMENT, *NAMES)
