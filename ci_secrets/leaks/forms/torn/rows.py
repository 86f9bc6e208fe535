r"""The shapes of rows of characters, and of what stands for them, that no literal of a value shows.

A letter a line behind any prefix, strings of some letters put together, numbers in calls and
braces, and escapes of every character: those of an encoding are of no value in sight.
"""

from typing import Final

_SHOWN: Final = rb"[ -~]|\\[ -~]|[\xc2-\xf4][\x80-\xbf]{1,3}"
ONE: Final = b"(?:" + _SHOWN + b")"
"""A character."""
_ONE: Final = b"(?:" + _SHOWN + rb"|\\u[0-9a-fA-F]{4})"
"""The same, or its escape in JSON."""
RARE: Final = b"QZXJqzjxVKWYkvwUyHGB"
"""Letters that the fewest lines end with."""
_BEFORE: Final = rb"[ \t:|)\]>m\"'=,]"
"""What a prefix of a line ends with."""
_QUOTE: Final = rb"[\"']"
_NEXT: Final = rb"\n[^\n]*"
"""The next line, up to what ends it."""
_BYTE: Final = rb"[3-7][0-9a-fA-F]"
_LETTER: Final = rb"6[0-9a-fA-F]"
"""Hex of a byte of text, and of a letter in the first half of the alphabet: most text has one."""
_TEXT: Final = rb"[2-7][0-9a-fA-F]"
"""The same of any text in ASCII."""
_WORD: Final = b"0x(?:" + _TEXT + rb"){2,4}[^0-9A-Za-z\n]{1,4}"
_CODE: Final = rb"1[01][0-9]"
"""The code of a letter from `d` to `w`."""
_POINT: Final = rb"\{(?:U\+)?[0-9a-fA-F]{2,6}\}"

LINES: Final = (
    # NOTE: three of the first, for many lines end in one letter; it is the dearest of all.
    # One letter a line, as in `12: a`; one number a line
    _BEFORE + b"[" + RARE + b"]" + (_NEXT + _BEFORE + rb"[!-~]") * 2 + b"\n",
    rb"[ \t:x][4-7][a-fA-F]" + _NEXT + rb"[ \t:x][0-9a-fA-F]{2}\n",
    rb"[ \t:=]" + _CODE + b",?" + _NEXT + rb"[ \t:=][3-9][0-9],?\n",
    # a string of one character in each line, four of them, for fewer stand in many sources; short
    # ones as PHP dumps them; elements of XML; rows of `cmp -bl`
    _QUOTE + b"[" + RARE + b"]" + (_QUOTE + rb"[^\n]*\n[^\n\"']*" + _QUOTE + ONE) * 3 + _QUOTE,
    rb"string\([1-9]\) \"[^\n]{1,9}\"\n[^\n]*\n *string\([1-9]\) \"",
    rb">[" + RARE + rb"]" + rb"</[a-z]{1,9}>\s{0,9}<[^<>\n]{1,40}>[!-~]" * 2,
    rb">" + _CODE + rb"</[a-z]{1,9}>\s{0,9}<[^<>\n]{1,40}>[0-9]{2,3}</",
    rb"[!-~]<wbr>[!-~]<wbr",
    rb" 1[0-7]{2} [!-~] +[0-9]{1,3} [^\n]{1,4}\n +[0-9]{1,6} [ 1][0-7]{2} [!-~] ",
)
"""Lines with a prefix, each of one character or number."""
STRINGS: Final = (
    # a string a line, as jq prints; `"a",` with a space and an indent; `"ab","c4"`, for most lists
    # are of words; `b'a', b'b'`
    rb"\"\n\"".join((b"", _ONE, _ONE, b"")),
    rb"\", ?\n? {0,8}\"".join((b"", _ONE, _ONE, b"")),
    rb"\",\"[^\n\"]{2,7}\",\"[^\n\"]{0,6}[0-9][^\n\"]{0,6}\",\"",
    rb"', b'[^\n]{1,4}', b'",
    # `'abc' + 'def'`; `[0]="a" [1]="b"` of bash, `["0","a"],["1","b"]`; `U+0061 'a' U+0062 'b'` of
    # Go; `97 'a', 98 'b'`; `[a][b]`
    rb"' ?\+\s*'[^\n']{1,7}' ?\+\s*'",
    rb"\" ?\+\s*\"[^\n\"]{1,7}\" ?\+\s*\"",
    rb"\]=\"[^\n]{1,3}\" \[[0-9]{1,4}\]=\"",
    rb"\]='[^\n]{1,3}' \[[0-9]{1,4}\]='",
    rb"\",\"[^\n]{1,4}\"\],\[\"",
    rb"' U\+[0-9A-F]{4,6} '",
    rb" '[^\n]'(?:, |\t)-?[0-9]{1,3} '",
    rb"\]\[[^\n]\]\[[^\n]\]\[",
    # `7=a 8=b` and `7=a;8=b;`; `(07, 61), (08, 62)`; `\a \b \c` of Clojure
    rb"[0-9]=[!-~][ ;,&][0-9]{1,5}=[!-~][ ;,&][0-9]",
    rb"\([0-9a-f]{2,4}, " + _LETTER + rb"\), \([0-9a-f]{2,4}, [2-7]",
    rb"\\[!-~] \\[!-~] \\[!-~] \\",
)
"""Strings of a few letters, put together, in lists, with indexes and numbers beside them."""
CODES: Final = (
    # `chr(97)+chr(98)`, `CHAR(97) & CHAR(98)`, `String.fromCharCode(97)`, `[char]97+[char]98`
    rb"\b[cC][hH][aA]?[rR][wW]?\([0-9]{2,6}\)[ +&.|,]{1,5}[cC][hH][aA]?[rR][wW]?\([0-9]",
    rb"arCode\([0-9]{2,6}\)[ +&.|,]{1,5}",
    # or with commas and in hex; `(byte)0x61, (byte)0x62`; `61h 62h`
    rb"\[char\](?:0x)?[0-9a-fA-F]{2,3} ?[+,] ?\[char\]",
    rb"\(byte\) ?(?:0x|-)?[0-9a-fA-F]{2,3}, ?\(byte\)",
    rb"[ ,]" + (_TEXT + rb"h,? ?") * 4,
    # `97|98|99`, `97;98;99`, `097 098`, and with two spaces; the same in hex, and `<61><62>`
    b"[|;]" + _CODE + b"[|;][0-9]{2,3}[|;][0-9]{2,3}[|;]",
    rb"0[0-9]{2} 1[0-2][0-9] [01][0-9]{2} [01][0-9]{2} ",
    b"  " + _CODE + b"  [0-9]{2,3}" * 3 + b"  ",
    b"  " + _LETTER + (b"  " + _BYTE) * 3 + b"  ",
    b"> ?<" + _LETTER + b"> ?<" + _BYTE + b"> ?<",
    # `0x6162 0x6364`, `0x0061, 0x0062`, `6162636465666768, 6162`; `{0x61}{0x62}`; `\x{61}\x{62}`,
    # `\N{U+61}`, `\N{COLON}`; `\\xc3\\xa4` and `%25C3%25A4` of a text in a text, `%AZP25` of Azure
    _WORD * 2 + b"0x",
    (rb"0x00" + _BYTE + rb"[^0-9A-Za-z\n]{1,4}") * 3 + b"0x",
    (b"(?:" + _TEXT + b"){8}, ") * 2,
    rb"\{0x" + _LETTER + rb"\}\{0x",
    _POINT + rb"\\[xuN]" + _POINT + rb"\\",
    rb"\}\\N\{[A-Z]",
    rb"\\\\x[0-9a-f]{2}\\\\x[0-9a-f]{2}\\\\x",
    rb"%AZP25",
    rb"%25(?:25)*[0-9A-F]{2}%25(?:25)*[0-9A-F]{2}%25",
    # every character in percents, also as UTF-16, in escapes, between colons and dots
    rb"%00[!-~]%00[!-~]%00",
    rb"\.1[0-7]{2}" + rb"\.(?:1[0-7]{2}|[4-7][0-7])" * 4,
    b"%" + _LETTER + (b"%" + _BYTE) * 3 + b"%",
    rb"\\u00" + _LETTER + (rb"\\u00" + _BYTE) * 2 + rb"\\u00",
    rb"\\x" + _LETTER + (rb"\\x" + _BYTE) * 3,
    b":" + _LETTER + (b":" + _BYTE) * 4 + b":",
    rb"\\6[a-fA-F89]" + (rb"\\" + _BYTE) * 2 + rb"\\",
)
"""What stands for characters: their codes and escapes."""
RETURNED: Final = (
    # NOTE: pieces of a line that is written again and again, but no percentages
    rb"\r[!-$&-~\x80-\xff]{2,7}\r[!-$&-~\x80-\xff]{2,7}[\r\n]",
)
"""What was written over."""
