"""Values that were compressed, put in archives or written in UTF-16 first."""

from typing import Final

from tests.data.corpus.shell import sh
from tests.data.corpus.way import Way

_STAMP = "sed 's/^/2026-03-01T12:00:01.1234567Z /'"
_ZLIB = "perl -MCompress::Zlib -0777 -ne 'binmode STDOUT; print compress($_)'"
_RAW = (
    "perl -MCompress::Raw::Zlib -0777 -ne 'binmode STDOUT; my $d = Compress::Raw::Zlib::Deflate"
    "->new(-WindowBits => -MAX_WBITS, -AppendOutput => 1); $d->deflate($_, my $o); $d->flush($o); "
    "print $o'"
)
_WIDE = "iconv -f UTF-8 -t UTF-16LE"

WAYS: Final[tuple[Way, ...]] = (
    sh("gzip-base64", "gzip | base64"),
    sh("gzip-base64-w0", "gzip | base64 -w 0"),
    sh("gzip-best-base64", "gzip -9n | base64 -w 0"),
    sh("gzip-base64-url", "gzip | basenc --base64url -w 0 | tr -d ="),
    sh("gzip-base64-stamped", f"gzip | base64 | {_STAMP}"),
    sh("gzip-base64-compose", "gzip | base64 -w 50 | sed 's/^/web-1  | /'"),
    sh("gzip-base64-numbered", "gzip | base64 -w 30 | cat -n"),
    sh("gzip-base64-percent", "gzip | base64 -w 0 | jq -Rrs @uri"),
    sh("gzip-base64-data",
       "gzip | base64 -w 0 | jq -Rrs @uri | sed 's/^/data:application\\/gzip;base64,/'"),
    sh("gzip-file-base32", "gzip -c \"$V\" | base32 -w 0"),
    sh("gzip-file-base64-twice", "gzip -c \"$V\" | base64 -w 0 | base64 -w 0"),
    sh("gzip-base64-twice", "gzip | base64 -w 0 | base64 -w 0"),
    sh("gzip-base64-json", "gzip | base64 | jq -Rs '{data: .}'"),
    sh("gzip-twice-base64", "gzip | gzip | base64 -w 0"),
    sh("gzip-hex", "gzip | xxd -p"),
    sh("gzip-hex-one-line", "gzip | xxd -p | tr -d '\\n'"),
    sh("gzip-hex-upper", "gzip | basenc --base16 -w 0"),
    sh("gzip-xxd", "gzip | xxd"),
    sh("gzip-hexdump-c", "gzip | hexdump -C"),
    sh("gzip-od", "gzip | od -t x1"),
    sh("gzip-od-words", "gzip | od -x"),
    sh("gzip-base32", "gzip | base32 -w 0"),
    sh("gzip-uuencode", "gzip | busybox uuencode key.gz"),
    sh("zlib-base64", f"{_ZLIB} | base64 -w 0"),
    sh("zlib-base64-wrapped", f"{_ZLIB} | base64"),
    sh("zlib-hex", f"{_ZLIB} | xxd -p"),
    sh("zlib-base64-twice", f"{_ZLIB} | base64 -w 0 | base64 -w 0"),
    sh("zlib-base32", f"{_ZLIB} | base32 -w 0"),
    sh("zlib-xxd", f"{_ZLIB} | xxd"),
    sh("zlib-hexdump", f"{_ZLIB} | hexdump -C"),
    sh("zlib-od", f"{_ZLIB} | od"),
    sh("deflate-base64", f"{_RAW} | base64 -w 0"),
    sh("deflate-base64-wrapped", f"{_RAW} | base64"),
    sh("deflate-hex", f"{_RAW} | xxd -p | tr -d '\\n'"),
    sh("deflate-saml", f"{_RAW} | base64 -w 0 | jq -Rrs @uri | sed 's/^/SAMLRequest=/'"),
    sh("bzip2-base64", "bzip2 | base64"),
    sh("bzip2-base64-w0", "bzip2 | base64 -w 0"),
    sh("bzip2-hex", "bzip2 | xxd -p"),
    sh("bzip2-xxd", "bzip2 | xxd"),
    sh("bzip2-hexdump", "bzip2 | hexdump -C"),
    sh("bzip2-od-c", "bzip2 | od -c"),
    sh("xz-xxd", "xz | xxd"),
    sh("xz-hexdump", "xz | hexdump -C"),
    sh("zstd-xxd-i", "zstd -q | xxd -i"),
    sh("zip-xxd", "cat >key.txt; zip -q - key.txt | xxd"),
    sh("zip-od", "cat >key.txt; zip -q - key.txt | od -t x1"),
    sh("xz-base64", "xz | base64"),
    sh("xz-base64-w0", "xz -9e | base64 -w 0"),
    sh("xz-hex", "xz | xxd -p | tr -d '\\n'"),
    sh("lzma-base64", "xz --format=lzma | base64 -w 0"),
    sh("zstd-base64", "zstd -q | base64"),
    sh("zstd-base64-w0", "zstd -q -19 | base64 -w 0"),
    sh("zstd-hex", "zstd -q | xxd -p"),
    sh("tar-base64", "cat >key.txt; tar -c key.txt | base64"),
    sh("tar-hexdump", "cat >key.txt; tar -c key.txt | hexdump -C"),
    sh("tar-gz-base64", "cat >key.txt; tar -cz key.txt | base64 -w 0"),
    sh("tar-gz-base64-wrapped", "cat >key.txt; tar -cz key.txt | base64"),
    sh("tar-xz-base64", "cat >key.txt; tar -cJ key.txt | base64"),
    sh("tar-zst-base64", "cat >key.txt; tar -c --zstd key.txt | base64"),
    sh("zip-base64", "cat >key.txt; zip -q - key.txt | base64 -w 0"),
    sh("zip-stored-base64", "cat >key.txt; zip -q -0 - key.txt | base64"),
    sh("zip-hex", "cat >key.txt; zip -q - key.txt | xxd -p"),
    sh("utf16le", _WIDE, outside=False),
    sh("utf16be", "iconv -f UTF-8 -t UTF-16BE", outside=False),
    sh("utf16-bom", "iconv -f UTF-8 -t UTF-16", outside=False),
    sh("utf32le", "iconv -f UTF-8 -t UTF-32LE", outside=False),
    sh("utf16le-base64", f"{_WIDE} | base64 -w 0"),
    sh("utf16le-base64-wrapped", f"{_WIDE} | base64"),
    sh("utf16be-base64", "iconv -f UTF-8 -t UTF-16BE | base64 -w 0"),
    sh("utf16-bom-base64", "iconv -f UTF-8 -t UTF-16 | base64 -w 0"),
    sh("utf16le-hex", f"{_WIDE} | xxd -p | tr -d '\\n'"),
    sh("utf16be-hex", "iconv -f UTF-8 -t UTF-16BE | xxd -p"),
    sh("utf16le-xxd", f"{_WIDE} | xxd"),
    sh("utf16be-hexdump", "iconv -f UTF-8 -t UTF-16BE | hexdump -C"),
    sh("utf16le-od-c", f"{_WIDE} | od -c"),
    sh("utf16le-hexdump", f"{_WIDE} | hexdump -C"),
    sh("utf16le-gzip-base64", f"{_WIDE} | gzip | base64 -w 0"),
    sh("powershell-encoded", f"(printf '%s' '$env:KEY = \"'; cat; printf '\"') | {_WIDE} "
       "| base64 -w 0 | sed 's/^/pwsh -EncodedCommand /'"),
)  # fmt: skip
