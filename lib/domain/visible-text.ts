// Control characters but line ends and tabs; what turns the direction of text, or has no width, so that text seems another.
const HIDDEN =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Text of strangers, with every character that one would not see spelled out; lines and tabs stay. */
export const visible = (text: string): string =>
  text.replace(HIDDEN, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
