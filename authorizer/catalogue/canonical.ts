/**
 * Why a raw request path is refused, or undefined when it is canonical.
 *
 * MLflow serves `//api/…`, `/api%2F2.0/…` and `/runs/%73earch` as if they were the plain path (seen on 3.17.2), so two spellings of one path
 * could get two answers. Exactly one spelling is accepted: no empty or dot segment, no encoded separator or control byte, and nothing encoded that
 * RFC 3986 calls unreserved. Sub-delimiters, `:` and `@` are accepted in either spelling, since the stock client sends them raw and others encode them;
 * neither Flask nor Starlette gives them a meaning in a path.
 *
 * @param path the path as it stands on the request line, without query
 */
export function nonCanonicalReason(path: string): string | undefined {
  if (!path.startsWith("/")) return "the path does not start with `/`";
  if (path.includes("//")) return "the path holds an empty segment (`//`)";
  for (const segment of path.split("/")) {
    if (segment === "." || segment === "..") return "the path holds a dot segment";
  }
  const raw = /[^A-Za-z0-9\-._~!$&'()*+,;=:@%/]/.exec(path);
  if (raw) return "the path holds a character that must be percent-encoded";
  for (let at = path.indexOf("%"); at !== -1; at = path.indexOf("%", at + 1)) {
    const digits = path.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return "the path holds a malformed percent escape";
    const byte = Number.parseInt(digits, 16);
    if (byte < 0x20 || byte === 0x7f) return `the path holds an encoded control character (\`%${digits}\`)`;
    if (byte === 0x2f || byte === 0x5c) return `the path holds an encoded separator (\`%${digits}\`)`;
    if (isUnreserved(byte)) return `the path encodes a character that needs no encoding (\`%${digits}\`)`;
  }
  return isUtf8(path) ? undefined : "the path is not UTF-8";
}

function isUnreserved(byte: number): boolean {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9\-._~]/.test(char);
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
