"""A terminal for CMD where we have one, through which its bytes come to us untouched."""

import os
import termios


def open_like(terminal: int) -> tuple[int, int]:
    r"""Make a pseudo-terminal of the size of `terminal`; our end and CMD's end.

    Output processing is off, for the real terminal does it once already: `\n` must not become
    `\r\n` twice. It is nobody's controlling terminal: keyboard, job control and modes stay with
    the real one, which CMD has as its stdin and as /dev/tty.
    """
    ours, theirs = os.openpty()
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    copy_size(terminal, ours)
    return ours, theirs


def copy_size(terminal: int, pseudo_terminal: int) -> None:
    """Give the pseudo-terminal the rows and columns of the real one, if that is still there."""
    try:
        termios.tcsetwinsize(pseudo_terminal, termios.tcgetwinsize(terminal))
    except (OSError, termios.error):
        pass  # it was hung up: nobody looks any more
