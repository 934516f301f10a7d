/**
 * The digest of a view's rows, worked out inside OpenSearch from what it holds (`_source`), so that rows need
 * not move to be compared: a `scripted_metric` aggregation in Painless, whose answer is a text of
 * `bucket,count,sum` in base 36 with `;` between them.
 *
 * It says what `digestRows` says of the same rows (a test holds it to that): SHA-1 over the text of
 * `hashedText`, 52 bits of which are added up for each bucket. Painless offers a SHA-1 of its own to
 * ingest pipelines and updates only, so it is written out here. Everything that differs between views is
 * a parameter: the engine compiles few scripts a minute, and keeps them by their text.
 */
export interface DigestParameters {
  /** Key columns, whose values make the row's id. */
  readonly key: readonly string[];
  /** Columns that the view holds, in the model's order. */
  readonly columns: readonly string[];
  /** Those of them that hold JSON as its text. */
  readonly json: readonly string[];
  readonly versions: boolean;
  readonly buckets: number;
  /** Absent: all. */
  readonly only?: readonly number[];
  readonly versionField: string;
  /** Says a document's bucket among more; a row that differs is then looked for by it. */
  readonly bucketField: string;
}

/**
 * A loop of Painless ends after a million rounds. A row with a longer text than this counts with the sum 0:
 * its bucket differs, and it is compared as it is.
 */
const longestText = 200_000;

const sha1 = `
void block(int[] w, int[] h) {
  for (int t = 16; t < 80; ++t) w[t] = Integer.rotateLeft(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  int a = h[0]; int b = h[1]; int c = h[2]; int d = h[3]; int e = h[4];
  for (int t = 0; t < 80; ++t) {
    int f; int k;
    if (t < 20) { f = (b & c) | (~b & d); k = 1518500249; }
    else if (t < 40) { f = b ^ c ^ d; k = 1859775393; }
    else if (t < 60) { f = (b & c) | (b & d) | (c & d); k = -1894007588; }
    else { f = b ^ c ^ d; k = -899497514; }
    int x = Integer.rotateLeft(a, 5) + f + e + k + w[t];
    e = d; d = c; c = Integer.rotateLeft(b, 30); b = a; a = x;
  }
  h[0] = h[0] + a; h[1] = h[1] + b; h[2] = h[2] + c; h[3] = h[3] + d; h[4] = h[4] + e;
}
int[] sha1(String s) {
  int[] h = new int[5];
  h[0] = 1732584193; h[1] = -271733879; h[2] = -1732584194; h[3] = 271733878; h[4] = -1009589776;
  int[] w = new int[80];
  int n = 0;
  long bits = 0L;
  int length = s.length();
  for (int i = 0; i <= length; ++i) {
    // The character in UTF-8, first byte first; behind the last one the bit that ends the text.
    int c = i == length ? 128 : (int) s.charAt(i);
    int bytes = 1;
    if (i < length && c >= 128) {
      if (c >= 55296 && c < 57344) {
        int low = c < 56320 && i + 1 < length ? (int) s.charAt(i + 1) : 0;
        if (low >= 56320 && low < 57344) { c = 65536 + ((c - 55296) << 10) + (low - 56320); ++i; }
        else c = 65533;
      }
      if (c < 2048) { bytes = 2; c = (192 | (c >>> 6)) << 8 | (128 | (c & 63)); }
      else if (c < 65536) { bytes = 3; c = (224 | (c >>> 12)) << 16 | (128 | ((c >>> 6) & 63)) << 8 | (128 | (c & 63)); }
      else { bytes = 4; c = (240 | (c >>> 18)) << 24 | (128 | ((c >>> 12) & 63)) << 16 | (128 | ((c >>> 6) & 63)) << 8 | (128 | (c & 63)); }
    }
    if (i < length) bits += 8 * bytes;
    for (int k = bytes - 1; k >= 0; --k) {
      w[n >>> 2] = w[n >>> 2] | (((c >>> (8 * k)) & 255) << (24 - 8 * (n & 3)));
      ++n;
      if (n == 64) { block(w, h); n = 0; for (int j = 0; j < 16; ++j) w[j] = 0; }
    }
  }
  if (n > 56) { block(w, h); for (int j = 0; j < 16; ++j) w[j] = 0; }
  w[14] = (int) (bits >>> 32);
  w[15] = (int) bits;
  block(w, h);
  return h;
}`;

/** Values as JSON.stringify writes them. */
const json = `
String quoted(String s) {
  StringBuilder out = new StringBuilder();
  out.append('"');
  int from = 0;
  int length = s.length();
  for (int i = 0; i < length; ++i) {
    int c = (int) s.charAt(i);
    if (c >= 32 && c != 34 && c != 92) continue;
    out.append(s, from, i);
    from = i + 1;
    if (c == 34) out.append('\\\\"');
    else if (c == 92) out.append('\\\\\\\\');
    else if (c == 8) out.append('\\\\b');
    else if (c == 9) out.append('\\\\t');
    else if (c == 10) out.append('\\\\n');
    else if (c == 12) out.append('\\\\f');
    else if (c == 13) out.append('\\\\r');
    else { out.append(c < 16 ? '\\\\u000' : '\\\\u00'); out.append(Integer.toHexString(c)); }
  }
  out.append(s, from, length);
  out.append('"');
  return out.toString();
}
String zeros(int n) {
  StringBuilder out = new StringBuilder();
  for (int i = 0; i < n; ++i) out.append('0');
  return out.toString();
}
// Java writes 1.0E21 and 1.0E-5, JavaScript 1e+21 and 0.00001: the same digits, set out otherwise.
String number(double d) {
  if (d == 0.0) return '0';
  String s = Double.toString(Math.abs(d));
  int at = s.indexOf('E');
  int exponent = at < 0 ? 0 : Integer.parseInt(s.substring(at + 1));
  String mantissa = at < 0 ? s : s.substring(0, at);
  int point = mantissa.indexOf('.');
  String digits = mantissa.substring(0, point) + mantissa.substring(point + 1);
  int n = point + exponent;
  int start = 0;
  while (start < digits.length() - 1 && digits.charAt(start) == (char) '0') { ++start; --n; }
  int end = digits.length();
  while (end > start + 1 && digits.charAt(end - 1) == (char) '0') --end;
  digits = digits.substring(start, end);
  // Java writes two digits at least, also of a number so small that one says it: 4.9E-324 for 5e-324.
  if (digits.length() == 2 && n < -300) {
    int up = (int) digits.charAt(0) - 47;
    if (Double.parseDouble(up + 'E' + (n - 1)) == Math.abs(d)) {
      digits = up == 10 ? '1' : Integer.toString(up);
      if (up == 10) ++n;
    }
  }
  int k = digits.length();
  String sign = d < 0 ? '-' : '';
  if (k <= n && n <= 21) return sign + digits + zeros(n - k);
  if (n > 0 && n <= 21) return sign + digits.substring(0, n) + '.' + digits.substring(n);
  if (n > -6 && n <= 0) return sign + '0.' + zeros(-n) + digits;
  // Not Math.abs: it is of doubles here.
  String power = n > 0 ? 'e+' + (n - 1) : 'e-' + (1 - n);
  return sign + digits.substring(0, 1) + (k == 1 ? '' : '.' + digits.substring(1)) + power;
}
String plain(def value) {
  if (value instanceof Double || value instanceof Float) return number(((Number) value).doubleValue());
  return value.toString();
}`;

const map = `${sha1}
${json}
Map source = (Map) params['_source'];
StringBuilder text = new StringBuilder();
boolean first = true;
for (String name : (List) params.key) {
  if (!first) text.append('|');
  first = false;
  def value = source.get(name);
  String part = value == null ? 'null' : plain(value);
  text.append(part.replace('%', '%25').replace('|', '%7C').replace('{', '%7B').replace('}', '%7D'));
}
// The bucket that a scan finds the document in, also where it is not that of its row.
boolean told = doc.containsKey(params.bucketField) && doc.get(params.bucketField).size() > 0;
int bucket = (told ? (int) doc.get(params.bucketField).value : sha1(text.toString())[0]) & ((int) params.buckets - 1);
if (params.only == null || state.only.contains(bucket)) {
  // Painless knows no sign for a new line.
  text.append((char) 10);
  def version = source.get(params.versionField);
  if (params.versions && version != null) text.append(version.toString());
  text.append((char) 10);
  text.append('{');
  first = true;
  for (String name : (List) params.columns) {
    if (!first) text.append(',');
    first = false;
    text.append(quoted(name));
    text.append(':');
    def value = source.get(name);
    if (value == null) text.append('null');
    else if (!(value instanceof String)) text.append(plain(value));
    else if (params.json.contains(name)) text.append(value);
    else text.append(value.length() > ${longestText} ? '' : quoted(value));
  }
  text.append('}');
  long sum = 0L;
  if (text.length() <= ${longestText}) {
    int[] hash = sha1(text.toString());
    sum = ((((long) hash[0]) & 4294967295L) << 20) | (long) (hash[1] >>> 12);
  }
  long[] held = (long[]) state.buckets.get(bucket);
  if (held == null) { held = new long[2]; state.buckets.put(bucket, held); }
  held[0] = held[0] + 1L;
  held[1] = (held[1] + sum) & ${2 ** 52 - 1}L;
}`;

const reduce = `
Map all = new HashMap();
for (def shard : states) {
  if (shard == null) continue;
  for (def entry : shard) {
    long[] held = (long[]) all.get(entry[0]);
    if (held == null) { held = new long[2]; all.put(entry[0], held); }
    held[0] = held[0] + (long) entry[1];
    held[1] = (held[1] + (long) entry[2]) & ${2 ** 52 - 1}L;
  }
}
StringBuilder out = new StringBuilder();
for (def entry : all.entrySet()) {
  long[] held = (long[]) entry.getValue();
  if (out.length() > 0) out.append(';');
  out.append(Integer.toString((int) entry.getKey(), 36)); out.append(',');
  out.append(Long.toString(held[0], 36)); out.append(',');
  out.append(Long.toString(held[1], 36));
}
return out.toString();`;

/** The aggregation that works digests out. */
export const renderDigest = (parameters: DigestParameters): Readonly<Record<string, unknown>> => ({
  scripted_metric: {
    params: parameters,
    init_script:
      'state.buckets = new HashMap(); if (params.only != null) state.only = new HashSet(params.only)',
    map_script: map,
    // Lists: neither arrays nor keys that are no texts travel between nodes.
    combine_script:
      'List out = new ArrayList(); for (def entry : state.buckets.entrySet()) { List held = new ArrayList(); held.add(entry.getKey()); held.add(entry.getValue()[0]); held.add(entry.getValue()[1]); out.add(held) } return out',
    reduce_script: reduce,
  },
});
