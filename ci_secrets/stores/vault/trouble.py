"""A store that could not answer: what it says then tells nothing of what it was asked for."""

from collections.abc import Callable

from ci_secrets.errors import CiSecretsError, UnreachableError
from ci_secrets.stores.vault.wire import Reply


def in_trouble(status: int) -> bool:
    """Whether it was not the store that decided: 5xx, too busy (429), lagging behind (412)."""
    return status >= 500 or status in (412, 429)


def status_of(call: Callable[[], Reply]) -> int:
    """The status of a call's reply; 0 where there was none."""
    try:
        return call().status
    except CiSecretsError:
        return 0


def tells(status: int) -> bool:
    """Whether a call was answered, and not by a store in trouble."""
    return status != 0 and not in_trouble(status)


def trouble(
    reply: Reply,
    what: str,
    *,
    where: str = "The store",
    cause: str = "It is sealed, without a leader, or something before it does not reach it.",
) -> UnreachableError:
    """The error for such an answer to the asking for `what`; `cause` is that of a 5xx."""
    if reply.status == 429:
        return UnreachableError(
            f"{where} is too busy for {what} (status 429).",
            cause="A rate limit or quota holds us back.",
            fix="Ask for less at a time, or raise the quota.",
        )
    if reply.status == 412:
        cause = "It lags behind the node that it copies from."
    return UnreachableError(
        f"{where} could not serve {what} (status {reply.status}).",
        cause=cause,
        fix="Try again; if it stays, look at the store's own log.",
    )
