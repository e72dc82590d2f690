/** Characters that steer what shows them instead of being shown: in a terminal and, as far as direction and invisibility go, in a page. Pure. */

// C0 but tab and newline, DEL, C1, bidi controls and isolates, zero-width marks, line and paragraph separators, BOM, tag characters, lone surrogates.
export const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}\ud800-\udfff]/u;
export const unsafeAll = new RegExp(unsafe.source, "gu");
