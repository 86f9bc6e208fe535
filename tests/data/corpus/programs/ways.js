// Prints the values of a folder in all ways of Node.js: node ways.js IN OUT
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const querystring = require("node:querystring");
const util = require("node:util");
const zlib = require("node:zlib");
const { Console } = require("node:console");
const { Writable } = require("node:stream");

function printed(print) {
  let text = "";
  const stdout = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  print(new Console({ stdout, colorMode: false }));
  return text;
}

function message(work) {
  try {
    work();
  } catch (error) {
    return error.stack;
  }
}

const codes = (v) => Array.from(v, (c) => c.codePointAt(0));
const units = (v) => Array.from({ length: v.length }, (_, i) => v.charCodeAt(i));
const bytes = (v) => Buffer.from(v);
const all = { maxArrayLength: null, maxStringLength: null };

const WAYS = {
  "node-inspect": (v) => util.inspect(v),
  "node-inspect-object": (v) => util.inspect({ env: { TOKEN: v, n: 1 } }),
  "node-inspect-narrow": (v) => util.inspect({ env: [v, "b"] }, { breakLength: 20, compact: false }),
  "node-inspect-colour": (v) => util.inspect({ TOKEN: v }, { colors: true }),
  "node-buffer": (v) => util.inspect(bytes(v)),
  "node-buffer-50": (v) => {
    const most = require("node:buffer").INSPECT_MAX_BYTES;
    require("node:buffer").INSPECT_MAX_BYTES = 50;
    const text = util.inspect(bytes(v));
    require("node:buffer").INSPECT_MAX_BYTES = most;
    return text;
  },
  "node-buffer-json": (v) => JSON.stringify(bytes(v)),
  "node-buffer-json-pretty": (v) => JSON.stringify({ body: bytes(v) }, null, 2),
  "node-buffer-latin1": (v) => bytes(v).toString("latin1"),
  "node-uint8array": (v) => util.inspect(new Uint8Array(bytes(v)), all),
  "node-arraybuffer": (v) => util.inspect(new Uint8Array(bytes(v)).buffer, all),
  "node-uint8array-object": (v) => JSON.stringify(new Uint8Array(bytes(v))),
  "node-chars": (v) => util.inspect(Array.from(v), all),
  "node-chars-object": (v) => util.inspect(Object.assign({}, Array.from(v)), all),
  "node-chars-object-json": (v) => JSON.stringify(Object.assign({}, Array.from(v))),
  "node-chars-entries": (v) => util.inspect(Object.entries(Array.from(v)), all),
  "node-chars-map": (v) => util.inspect(new Map(Object.entries(Array.from(v))), all),
  "node-uint16array": (v) => util.inspect(
    new Uint16Array(new Uint8Array(bytes(v + " ".repeat(bytes(v).length % 2))).buffer), all),
  "node-codes": (v) => JSON.stringify(codes(v)),
  "node-codes-inspect": (v) => util.inspect(codes(v), all),
  "node-codes-joined": (v) => units(v).join(" "),
  "node-char-entities": (v) => codes(v).map((c) => `&#${c};`).join(""),
  "node-unicode-all": (v) => units(v).map((c) => "\\u" + c.toString(16).padStart(4, "0")).join(""),
  "node-unicode-braces": (v) => codes(v).map((c) => `\\u{${c.toString(16)}}`).join(""),
  "node-uri-component": (v) => encodeURIComponent(v),
  "node-uri": (v) => encodeURI(v),
  "node-escape": (v) => escape(v),
  "node-escape-twice": (v) => escape(escape(v)),
  "node-percent-u-all": (v) =>
    units(v).map((c) => "%u" + c.toString(16).padStart(4, "0")).join(""),
  "node-querystring": (v) => querystring.stringify({ a: 1, token: v, b: "x" }),
  "node-search-params": (v) => new URLSearchParams({ a: 1, token: v, b: "x" }).toString(),
  "node-url-password": (v) => {
    const url = new URL("https://ci@example.com/path");
    url.password = v;
    return url.href;
  },
  "node-url-inspect": (v) => {
    const url = new URL("https://example.com/path");
    url.searchParams.set("token", v);
    return util.inspect(url);
  },
  "node-json": (v) => JSON.stringify({ token: v }),
  "node-json-thrice": (v) =>
    JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: v }) }) }),
  "node-format-j": (v) => util.format("payload %j end", { v }),
  "node-format-o": (v) => util.format("payload %o end", [v]),
  "node-base64": (v) => bytes(v).toString("base64"),
  "node-base64url": (v) => bytes(v).toString("base64url"),
  "node-basic": (v) => "Basic " + bytes(`ci:${v}`).toString("base64"),
  "node-btoa-uri": (v) => btoa(encodeURIComponent(v)),
  "node-hex": (v) => bytes(v).toString("hex"),
  "node-utf16-hex": (v) => Buffer.from(v, "utf16le").toString("hex"),
  "node-upper": (v) => v.toUpperCase(),
  "node-lower": (v) => v.toLowerCase(),
  "node-reversed": (v) => Array.from(v).reverse().join(""),
  "node-spaced": (v) => Array.from(v).join(" "),
  "node-bigint": (v) => BigInt("0x" + bytes(v).toString("hex")).toString(),
  "node-table": (v) => printed((console) => console.table([{ name: "TOKEN", value: v }])),
  "node-dir": (v) => printed((console) => console.dir({ a: { b: { c: v } } }, { depth: null })),
  "node-group": (v) =>
    printed((console) => {
      console.group("env");
      console.log(v);
    }),
  "node-error": (v) => message(() => { throw new Error(`bad credentials: ${v}`); }),
  "node-error-cause": (v) => util.inspect(new Error("login", { cause: { token: v } })),
  "node-assert": (v) => message(() => assert.strictEqual(v, "expected")),
  "node-assert-deep": (v) => message(() => assert.deepStrictEqual({ v }, { v: 1 })),
  "node-map": (v) => util.inspect(new Map([["token", v]])),
  "node-deflate-base64": (v) => zlib.deflateSync(v).toString("base64"),
  "node-deflate-raw-base64": (v) => zlib.deflateRawSync(v).toString("base64url"),
  "node-gzip-inspect": (v) => util.inspect(zlib.gzipSync(v), all),
  "node-gzip-json": (v) => JSON.stringify(zlib.gzipSync(v)),
};

require("node:buffer").INSPECT_MAX_BYTES = 1e6;
const [from, to] = process.argv.slice(2);
for (const name of fs.readdirSync(from)) {
  const value = fs.readFileSync(path.join(from, name), "utf8");
  for (const [way, print] of Object.entries(WAYS)) {
    fs.writeFileSync(path.join(to, `${way}@${name}`), print(value));
  }
}
