/** sha256, loaded when first asked for: node:crypto alone costs a fast command 6 ms. */

/** Hexadecimal digest of a text (as UTF-8) or of bytes. */
export function sha256(text: string | Uint8Array): string {
  const crypto = process.getBuiltinModule("node:crypto");
  return crypto.createHash("sha256").update(text).digest("hex");
}
