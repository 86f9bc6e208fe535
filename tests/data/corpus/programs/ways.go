// Prints the values of a folder in all ways of Go: ways IN OUT
package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"text/template"
	"unicode/utf16"
)

type login struct {
	User     string
	Password string
	Raw      []byte `json:",omitempty"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func written(write func(io.Writer)) string {
	var buffer bytes.Buffer
	write(&buffer)
	return buffer.String()
}

func packed(v string, open func(io.Writer) io.WriteCloser) []byte {
	var buffer bytes.Buffer
	w := open(&buffer)
	must(io.WriteString(w, v))
	w.Close()
	return buffer.Bytes()
}

func zipped(v string) []byte {
	return packed(v, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

var ways = map[string]func(string) string{
	"go-q":             func(v string) string { return fmt.Sprintf("%q", v) },
	"go-q-ascii":       func(v string) string { return fmt.Sprintf("%+q", v) },
	"go-q-raw":         func(v string) string { return fmt.Sprintf("%#q", v) },
	"go-q-runes":       func(v string) string { return fmt.Sprintf("%q", []rune(v)) },
	"go-q-list":        func(v string) string { return fmt.Sprintf("%q", strings.Split(v, "\n")) },
	"go-x":             func(v string) string { return fmt.Sprintf("%x", v) },
	"go-x-upper":       func(v string) string { return fmt.Sprintf("%X", v) },
	"go-x-spaced":      func(v string) string { return fmt.Sprintf("% x", v) },
	"go-x-0x":          func(v string) string { return fmt.Sprintf("%# x", v) },
	"go-x-0x-joined":   func(v string) string { return fmt.Sprintf("%#x", v) },
	"go-bytes":         func(v string) string { return fmt.Sprint([]byte(v)) },
	"go-bytes-sharp":   func(v string) string { return fmt.Sprintf("%#v", []byte(v)) },
	"go-bytes-octal":   func(v string) string { return fmt.Sprintf("%o", []byte(v)) },
	"go-bytes-binary":  func(v string) string { return fmt.Sprintf("%b", []byte(v)) },
	"go-bytes-binary8": func(v string) string { return fmt.Sprintf("%08b", []byte(v)) },
	"go-bytes-json":    func(v string) string { return string(must(json.Marshal([]byte(v)))) },
	"go-bytes-chars":   func(v string) string { return fmt.Sprintf("%c", []rune(v)) },
	"go-runes":         func(v string) string { return fmt.Sprint([]rune(v)) },
	"go-runes-u":       func(v string) string { return fmt.Sprintf("%U", []rune(v)) },
	"go-runes-hash-u":  func(v string) string { return fmt.Sprintf("%#U", []rune(v)) },
	"go-utf16":         func(v string) string { return fmt.Sprint(utf16.Encode([]rune(v))) },
	"go-utf16-hex":     func(v string) string { return fmt.Sprintf("%04x", utf16.Encode([]rune(v))) },
	"go-struct":        func(v string) string { return fmt.Sprintf("%v", login{User: "ci", Password: v}) },
	"go-struct-plus":   func(v string) string { return fmt.Sprintf("%+v", login{User: "ci", Password: v, Raw: []byte(v)}) },
	"go-struct-sharp":  func(v string) string { return fmt.Sprintf("%#v", login{User: "ci", Password: v}) },
	"go-map":           func(v string) string { return fmt.Sprint(map[string]string{"a": "b", "token": v}) },
	"go-verb":          func(v string) string { return fmt.Sprintf("%d", struct{ s string }{v}) },
	"go-error":         func(v string) string { return fmt.Errorf("login %w", &os.PathError{Op: "open", Path: v, Err: errors.New("denied")}).Error() },
	"go-atoi":          func(v string) string { _, err := strconv.Atoi(v); return err.Error() },
	"go-json":          func(v string) string { return string(must(json.Marshal(login{User: "ci", Password: v}))) },
	"go-json-indent":   func(v string) string { return string(must(json.MarshalIndent(login{User: "ci", Password: v}, "", "  "))) },
	"go-json-twice": func(v string) string {
		return string(must(json.Marshal(map[string]string{"a": string(must(json.Marshal(login{Password: v})))})))
	},
	"go-json-thrice": func(v string) string {
		for range 3 {
			v = string(must(json.Marshal(map[string]string{"a": v})))
		}
		return v
	},
	"go-query":       func(v string) string { return url.QueryEscape(v) },
	"go-path":        func(v string) string { return url.PathEscape(v) },
	"go-userinfo":    func(v string) string { return url.UserPassword("ci", v).String() + "@example.com" },
	"go-url-error":   func(v string) string { return (&url.Error{Op: "Get", URL: "https://example.com/?t=" + url.QueryEscape(v), Err: io.EOF}).Error() },
	"go-quote-ascii": strconv.QuoteToASCII,
	"go-quote-graph": strconv.QuoteToGraphic,
	"go-base64":      func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) },
	"go-base64-raw":  func(v string) string { return base64.RawStdEncoding.EncodeToString([]byte(v)) },
	"go-base64-url":  func(v string) string { return base64.URLEncoding.EncodeToString([]byte(v)) },
	"go-base32":      func(v string) string { return base32.StdEncoding.EncodeToString([]byte(v)) },
	"go-base32-hex":  func(v string) string { return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(v)) },
	"go-ascii85": func(v string) string {
		return written(func(w io.Writer) { e := ascii85.NewEncoder(w); io.WriteString(e, v); e.Close() })
	},
	"go-hex-dump":  func(v string) string { return hex.Dump([]byte(v)) },
	"go-hex":       func(v string) string { return hex.EncodeToString([]byte(v)) },
	"go-html":      html.EscapeString,
	"go-js":        template.JSEscapeString,
	"go-xml":       func(v string) string { return written(func(w io.Writer) { xml.EscapeText(w, []byte(v)) }) },
	"go-xml-tag":   func(v string) string { return string(must(xml.MarshalIndent(login{User: "ci", Password: v}, "", "  "))) },
	"go-csv":       func(v string) string { return written(func(w io.Writer) { c := csv.NewWriter(w); c.Write([]string{"a", v, "b"}); c.Flush() }) },
	"go-qp":        func(v string) string { return written(func(w io.Writer) { q := quotedprintable.NewWriter(w); io.WriteString(q, v); q.Close() }) },
	"go-mime-q":    func(v string) string { return mime.QEncoding.Encode("utf-8", "ü "+v) },
	"go-mime-b":    func(v string) string { return mime.BEncoding.Encode("utf-8", "ü "+v) },
	"go-pem":       func(v string) string { return string(pem.EncodeToMemory(&pem.Block{Type: "SECRET", Bytes: []byte(v)})) },
	"go-big":       func(v string) string { return new(big.Int).SetBytes([]byte(v)).String() },
	"go-big-hex":   func(v string) string { return new(big.Int).SetBytes([]byte(v)).Text(16) },
	"go-upper":     strings.ToUpper,
	"go-slog":      func(v string) string { return written(func(w io.Writer) { slog.New(slog.NewTextHandler(w, nil)).Info("login", "token", v, "n", 1) }) },
	"go-slog-json": func(v string) string { return written(func(w io.Writer) { slog.New(slog.NewJSONHandler(w, nil)).Info("login", "token", v) }) },
	"go-tabwriter": func(v string) string {
		return written(func(w io.Writer) {
			t := tabwriter.NewWriter(w, 8, 8, 1, ' ', 0)
			fmt.Fprintf(t, "NAME\tVALUE\tAGE\nkey\t%s\t3d\n", v)
			t.Flush()
		})
	},
	"go-request": func(v string) string {
		r := must(http.NewRequest("POST", "https://example.com/login?next="+url.QueryEscape(v), strings.NewReader("token="+url.QueryEscape(v))))
		r.SetBasicAuth("ci", v)
		return string(must(httputil.DumpRequestOut(r, true)))
	},
	"go-form":            func(v string) string { return url.Values{"a": {"1"}, "token": {v}, "z": {"2"}}.Encode() },
	"go-gzip-base64":     func(v string) string { return base64.StdEncoding.EncodeToString(zipped(v)) },
	"go-gzip-bytes":      func(v string) string { return fmt.Sprint(zipped(v)) },
	"go-gzip-q":          func(v string) string { return fmt.Sprintf("%q", zipped(v)) },
	"go-gzip-x":          func(v string) string { return fmt.Sprintf("%x", zipped(v)) },
	"go-zlib-base64-url": func(v string) string {
		return base64.RawURLEncoding.EncodeToString(packed(v, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }))
	},
	"go-flate-base64": func(v string) string {
		return base64.StdEncoding.EncodeToString(packed(v, func(w io.Writer) io.WriteCloser { return must(flate.NewWriter(w, 9)) }))
	},
}

func main() {
	from, to := os.Args[1], os.Args[2]
	for _, entry := range must(os.ReadDir(from)) {
		value := string(must(os.ReadFile(filepath.Join(from, entry.Name()))))
		for way, print := range ways {
			name := filepath.Join(to, way+"@"+entry.Name())
			if err := os.WriteFile(name, []byte(print(value)), 0o600); err != nil {
				panic(err)
			}
		}
	}
}
