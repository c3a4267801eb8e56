import { secretBytesMin } from "./name.ts";

/**
 * Every form in which a secret is looked for: as it is, in base64 at each of the three offsets and in both alphabets,
 * URL-encoded, JSON-escaped, in hexadecimal; the same for each line of one with several lines. None of a secret or line of less than 6 bytes.
 */
export function secretForms(secret: string): string[] {
  const forms = new Set<string>();
  for (const part of partsOf(secret)) for (const form of formsOf(part)) forms.add(form);
  return [...forms].filter((form) => Buffer.byteLength(form) >= secretBytesMin);
}

/** Lines that are the same in everybody's keys. */
const armour = /^-+(?:BEGIN|END) [A-Z0-9 ]+-+$/;

function partsOf(secret: string): string[] {
  const whole = secret.trim();
  if (Buffer.byteLength(whole) < secretBytesMin) return [];
  const lines = whole.split(/\r\n?|\n/).map((line) => line.trim());
  if (lines.length === 1) return [whole];
  const telling = lines.filter(
    (line) => Buffer.byteLength(line) >= secretBytesMin && !armour.test(line),
  );
  return [whole, ...telling];
}

function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString("hex");
  return [
    text,
    ...base64Forms(bytes),
    ...urlForms(text, bytes),
    ...jsonForms(text),
    hex,
    hex.toUpperCase(),
  ];
}

/** The characters that are the same whatever stands before and behind, for each place in a group of three bytes. */
function base64Forms(bytes: Buffer): string[] {
  const forms = [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const first = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    return padded.slice(first, end);
  });
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** As browsers, forms, strict encoders and path encoders write it, with capital and small digits. */
function urlForms(text: string, bytes: Buffer): string[] {
  const encode = (kept: RegExp): string =>
    [...bytes]
      .map((byte) => {
        const character = String.fromCharCode(byte);
        if (kept.test(character)) return character;
        return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
      })
      .join("");
  const component = encode(/[A-Za-z0-9\-_.!~*'()]/);
  const strict = encode(/[A-Za-z0-9\-_.~]/);
  const form = encode(/[A-Za-z0-9\-_.* ]/).replaceAll(" ", "+");
  const path = encode(/[A-Za-z0-9\-_.~/]/);
  const whole = encodeURI(text.toWellFormed());
  const upper = [component, strict, form, path, whole];
  return upper.flatMap((one) => [one, one.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

/** As most write it, with `/` escaped, with `<>&` escaped, and in ASCII alone. */
function jsonForms(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const code = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const slashed = plain.replaceAll("/", "\\/");
  const careful = plain.replace(/[<>&\u2028\u2029]/g, code);
  const ascii = plain.replace(/[\u007f-\uffff]/g, code);
  return [plain, slashed, careful, ascii, slashed.replace(/[\u007f-\uffff]/g, code)];
}
