# The shell's side of `ci-secrets activate`: bash, dash, busybox sh and zsh read the same lines.
#
# They run inside an `eval`, with tracing off, behind these definitions: _ci_secrets_tool (runs
# ci-secrets), _ci_secrets_home (where the keeper listens), _ci_secrets_key (what the keeper knows
# us by), _ci_secrets_shell (our process; `$$` would be the same in subshells). Values come after.
#
# Whatever the script has made of IFS, which may be read-only: no expansion stands without quotes
# where it would be split.
#
# Only an EXIT trap is set, none for INT or TERM: such a trap would hold the shell's death up until
# its foreground command ends.

# The script's own EXIT action; ours runs it.
_ci_secrets_action=
# Whether ours runs now.
_ci_secrets_ending=

# Ours. Not in a function, where `$1` would be another for the script's action. That starts with the
# `$?` of the script, which errexit must not see: so it stands in both branches.
_ci_secrets_at_exit='{ _ci_secrets_code=$? _ci_secrets_flags=$-; set +xv; } 2>/dev/null
if _ci_secrets_may_end; then
    if [ -n "$_ci_secrets_action" ]; then
        if _ci_secrets_resume; then eval "$_ci_secrets_action"; else eval "$_ci_secrets_action"; fi
        { set +xv; } 2>/dev/null
    fi
    _ci_secrets_end "$_ci_secrets_code"
fi'

_ci_secrets_may_end() {
    [ -z "$_ci_secrets_ending" ] && _ci_secrets_here || return 1
    _ci_secrets_ending=begun
    # Only now, for a function would hide the arguments of the script from its EXIT action.
    if [ "$_ci_secrets_way" = function ]; then eval 'exit() { _ci_secrets_exit 0 "$@"; }'; fi
}

# Whether this is the shell that was activated, and not a subshell of it.
_ci_secrets_here() {
    read -r _ci_secrets_pid 2>/dev/null </proc/self/stat || _ci_secrets_pid=$$
    [ "${_ci_secrets_pid%% *}" = "$_ci_secrets_shell" ]
}

_ci_secrets_trace() {
    case $1 in
        *x*v* | *v*x*) set -xv ;;
        *x*) set -x ;;
        *v*) set -v ;;
    esac
}

_ci_secrets_resume() {
    _ci_secrets_trace "$_ci_secrets_flags"
    return "$_ci_secrets_code"
}

# Asks for the verdict. Leaves with its code where that is another one than the script's own.
_ci_secrets_end() {
    # zsh goes on in a trap after an `exit` in a function.
    [ "$_ci_secrets_ending" != over ] || return 0
    _ci_secrets_ending=over
    _ci_secrets_final=0
    printf %s "$_ci_secrets_key" |
        _ci_secrets_tool end "$_ci_secrets_home" "$1" || _ci_secrets_final=$?
    [ "$_ci_secrets_final" = "$1" ] || "$_ci_secrets_builtin" exit "$_ci_secrets_final"
}

# Stands for `exit`, which in the script's EXIT action would skip our end. Called with the number of
# the caller's arguments, these, and what `exit` was given: an EXIT action sees the former.
_ci_secrets_exit() {
    { _ci_secrets_status=$? _ci_secrets_was=$-; set +xv; } 2>/dev/null
    _ci_secrets_count=$1 _ci_secrets_given=
    shift
    for _ci_secrets_one do
        shift
        if [ "$_ci_secrets_count" -gt 0 ]; then
            _ci_secrets_count=$((_ci_secrets_count - 1))
            set -- "$@" "$_ci_secrets_one"
        else
            _ci_secrets_given=$_ci_secrets_one
        fi
    done
    if [ -n "$_ci_secrets_ending" ] && _ci_secrets_here; then
        _ci_secrets_status=${_ci_secrets_given:-$_ci_secrets_code}
        _ci_secrets_end "$_ci_secrets_status"
    fi
    _ci_secrets_status=${_ci_secrets_given:-$_ci_secrets_status}
    _ci_secrets_trace "$_ci_secrets_was"
    "$_ci_secrets_builtin" exit "$_ci_secrets_status"
}

# Stands for `trap`: keeps the EXIT action, and hands the rest on.
_ci_secrets_trap() {
    { _ci_secrets_was=$-; set +xv; } 2>/dev/null
    # Else EXIT is the end of this function for zsh.
    [ -z "${ZSH_VERSION-}" ] || setopt localoptions posixtraps
    if _ci_secrets_here; then _ci_secrets_take "$@"; else _ci_secrets_in_subshell "$@"; fi
    _ci_secrets_status=$?
    _ci_secrets_trace "$_ci_secrets_was"
    return "$_ci_secrets_status"
}

_ci_secrets_take() {
    case ${1-} in
        --) shift ;;
        -?*)
            _ci_secrets_show "$@"
            return
            ;;
    esac
    if [ "$#" -eq 0 ]; then
        _ci_secrets_show
        return
    fi
    _ci_secrets_what=-
    case $1 in
        *[!0-9]* | '')
            if [ "$#" -gt 1 ]; then
                _ci_secrets_what=$1
                shift
            fi
            ;;
    esac
    for _ci_secrets_one do
        shift
        case $_ci_secrets_one in
            0 | EXIT | SIGEXIT | exit) _ci_secrets_keep ;;
            RETURN) _ci_secrets_wrap && set -- "$@" RETURN ;;
            *) set -- "$@" "$_ci_secrets_one" ;;
        esac
    done
    [ "$#" -eq 0 ] || [ -n "$_ci_secrets_taking" ] ||
        "$_ci_secrets_builtin" trap -- "$_ci_secrets_what" "$@"
}

_ci_secrets_keep() {
    case $_ci_secrets_what in
        -) _ci_secrets_action= ;;
        "$_ci_secrets_at_exit") ;; # a list of traps that is read back
        *) _ci_secrets_action=$_ci_secrets_what ;;
    esac
}

# bash runs a RETURN action at the end of the function that sets it: not at the end of ours.
_ci_secrets_wrap() {
    case $_ci_secrets_what in
        - | '') ;;
        *) _ci_secrets_what="case \${FUNCNAME-} in trap | _ci_secrets_*) ;; *)
$_ci_secrets_what
;; esac" ;;
    esac
}

# Lists traps as if there were none of ours.
_ci_secrets_show() {
    "$_ci_secrets_builtin" trap -- "${_ci_secrets_action:--}" EXIT
    "$_ci_secrets_builtin" trap "$@"
    "$_ci_secrets_builtin" trap -- "$_ci_secrets_at_exit" EXIT
}

_ci_secrets_in_subshell() {
    if [ "$# ${1-} ${2-}" = '2 -p EXIT' ]; then
        _ci_secrets_show "$@"
        "$_ci_secrets_builtin" trap - EXIT
    else
        "$_ci_secrets_builtin" trap "$@"
    fi
}

# bash and zsh let a function stand for a builtin, for functions too that were read before; dash,
# busybox and bash in its POSIX mode take an alias.
_ci_secrets_builtin=command _ci_secrets_way=alias
if command -v builtin >/dev/null 2>&1; then
    _ci_secrets_builtin=builtin
    case :${SHELLOPTS-}: in
        *:posix:*) ;;
        *) _ci_secrets_way=function ;;
    esac
fi
case $_ci_secrets_way in
    function) eval 'trap() { _ci_secrets_trap "$@"; }' ;;
    alias) alias trap=_ci_secrets_trap exit='_ci_secrets_exit "$#" "$@"' ;;
esac

# A trap that stands already. To a file, for `$(trap)` is empty in dash and zsh. In a subshell bash
# lists those of its parent until one is changed.
if [ "$_ci_secrets_shell" != "$$" ]; then "$_ci_secrets_builtin" trap - URG; fi
"$_ci_secrets_builtin" trap >"$_ci_secrets_home/traps" || exit 8
_ci_secrets_taking=1
. "$_ci_secrets_home/traps"
_ci_secrets_taking=
rm -f "$_ci_secrets_home/traps"
# In a function, for its options; from which zsh would bring back a trap that stood before.
"$_ci_secrets_builtin" trap - EXIT
_ci_secrets_arm() {
    [ -z "${ZSH_VERSION-}" ] || setopt localoptions posixtraps
    "$_ci_secrets_builtin" trap -- "$_ci_secrets_at_exit" EXIT
}
_ci_secrets_arm

# Tracing would go on to where it went before.
unset -v BASH_XTRACEFD
# The FIFO is open to read and write meanwhile, so that the other `open` cannot block, whatever
# becomes of the keeper. What remains can only be written: with the keeper gone, writing fails.
{ exec >"$_ci_secrets_home/output" 2>&1; } 8<>"$_ci_secrets_home/output" || exit 8
