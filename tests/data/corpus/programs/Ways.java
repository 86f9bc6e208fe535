import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import java.util.logging.XMLFormatter;
import java.util.stream.Collectors;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/** Prints the values of a folder in all ways of Java: java Ways.java IN OUT */
class Ways {
    interface Print {
        String of(String value) throws Exception;
    }

    record Login(String user, String password) {}

    static final Map<String, Print> WAYS = new LinkedHashMap<>();

    static byte[] bytes(String v) {
        return v.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] gzip(String v) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var packed = new GZIPOutputStream(out)) {
            packed.write(bytes(v));
        }
        return out.toByteArray();
    }

    static byte[] zlib(String v) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var packed = new DeflaterOutputStream(out)) {
            packed.write(bytes(v));
        }
        return out.toByteArray();
    }

    static String each(byte[] all, String format, String between) {
        var joined = new StringJoiner(between);
        for (byte one : all) {
            joined.add(String.format(format, one));
        }
        return joined.toString();
    }

    static Properties properties(String v) {
        var properties = new Properties();
        properties.setProperty("db.password", v);
        return properties;
    }

    static {
        WAYS.put("java-bytes", v -> Arrays.toString(bytes(v)));
        WAYS.put("java-chars", v -> Arrays.toString(v.toCharArray()));
        WAYS.put("java-codes", v -> v.chars().boxed().toList().toString());
        WAYS.put("java-unsigned", v -> {
            var joined = new StringJoiner(", ", "[", "]");
            for (byte one : bytes(v)) {
                joined.add(Integer.toString(one & 255));
            }
            return joined.toString();
        });
        WAYS.put("java-bytes-utf16", v -> Arrays.toString(v.getBytes(StandardCharsets.UTF_16LE)));
        WAYS.put("java-words", v -> {
            ByteBuffer words = ByteBuffer.wrap(bytes(v + "   "));
            int[] every = new int[words.capacity() / 4];
            words.asIntBuffer().get(every);
            return Arrays.toString(every);
        });
        WAYS.put("java-hex", v -> each(bytes(v), "%02x", ""));
        WAYS.put("java-hex-colons", v -> each(bytes(v), "%02X", ":"));
        WAYS.put("java-hex-0x", v -> each(bytes(v), "(byte) 0x%02X", ", "));
        WAYS.put("java-hex-format", v -> HexFormat.ofDelimiter(", ").withPrefix("#").formatHex(bytes(v)));
        WAYS.put("java-url", v -> URLEncoder.encode(v, StandardCharsets.UTF_8));
        WAYS.put("java-url-twice", v -> URLEncoder.encode(URLEncoder.encode(v, StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        WAYS.put("java-uri", v -> new URI("https", "ci:" + v, "example.com", 443, "/a", null, null).toASCIIString());
        WAYS.put("java-uri-query", v -> new URI("https", "example.com", "/a", "t=" + v, null).toString());
        WAYS.put("java-base64", v -> Base64.getEncoder().encodeToString(bytes(v)));
        WAYS.put("java-base64-url", v -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(v)));
        WAYS.put("java-base64-mime", v -> Base64.getMimeEncoder().encodeToString(bytes(v)));
        WAYS.put("java-base64-utf16", v -> Base64.getEncoder().encodeToString(v.getBytes(StandardCharsets.UTF_16)));
        WAYS.put("java-properties", v -> {
            var out = new ByteArrayOutputStream();
            properties(v).store(out, "settings");
            return out.toString(StandardCharsets.ISO_8859_1);
        });
        WAYS.put("java-properties-writer", v -> {
            var out = new StringWriter();
            properties(v).store(out, "settings");
            return out.toString();
        });
        WAYS.put("java-properties-xml", v -> {
            var out = new ByteArrayOutputStream();
            properties(v).storeToXML(out, "settings");
            return out.toString(StandardCharsets.UTF_8);
        });
        WAYS.put("java-properties-string", v -> properties(v).toString());
        WAYS.put("java-integer", v -> new BigInteger(1, bytes(v)).toString());
        WAYS.put("java-integer-hex", v -> new BigInteger(1, bytes(v)).toString(16));
        WAYS.put("java-integer-signed", v -> new BigInteger(bytes(v)).toString());
        WAYS.put("java-map", v -> Map.of("token", v).toString());
        WAYS.put("java-record", v -> new Login("ci", v).toString());
        WAYS.put("java-list", v -> List.of(v.split("\n")).toString());
        WAYS.put("java-exception", v -> {
            var out = new StringWriter();
            new IllegalStateException("login failed: " + v).printStackTrace(new PrintWriter(out, true));
            return out.toString();
        });
        WAYS.put("java-number", v -> {
            try {
                return Integer.toString(Integer.parseInt(v));
            } catch (NumberFormatException error) {
                return error.toString();
            }
        });
        WAYS.put("java-log", v -> new SimpleFormatter().format(new LogRecord(Level.INFO, "token " + v)));
        WAYS.put("java-log-xml", v -> new XMLFormatter().format(new LogRecord(Level.INFO, "token " + v)));
        WAYS.put("java-unicode", v -> v.chars().mapToObj(c -> String.format("\\u%04X", c)).collect(Collectors.joining()));
        WAYS.put("java-binary", v -> {
            var joined = new StringJoiner(" ");
            for (byte one : bytes(v)) {
                joined.add(Integer.toBinaryString(one & 255));
            }
            return joined.toString();
        });
        WAYS.put("java-upper", v -> v.toUpperCase());
        WAYS.put("java-reversed", v -> new StringBuilder(v).reverse().toString());
        WAYS.put("java-gzip-bytes", v -> Arrays.toString(gzip(v)));
        WAYS.put("java-gzip-base64", v -> Base64.getEncoder().encodeToString(gzip(v)));
        WAYS.put("java-gzip-mime", v -> Base64.getMimeEncoder().encodeToString(gzip(v)));
        WAYS.put("java-zlib-hex", v -> each(zlib(v), "%02x", ""));
        WAYS.put("java-zlib-base64", v -> Base64.getUrlEncoder().encodeToString(zlib(v)));
    }

    public static void main(String[] folders) throws Exception {
        try (var values = Files.list(Path.of(folders[0]))) {
            for (Path from : values.toList()) {
                String value = Files.readString(from);
                for (var way : WAYS.entrySet()) {
                    var to = Path.of(folders[1], way.getKey() + "@" + from.getFileName());
                    Files.write(to, bytes(way.getValue().of(value)));
                }
            }
        }
    }
}
