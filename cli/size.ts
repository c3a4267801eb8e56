/** What a size looks like; also the pattern in the JSON Schema. */
export const sizePattern = /^[0-9]{1,12}(B|KB|MB|GB)$/;

const unitBytes: { readonly [unit: string]: number } = {
  B: 1,
  KB: 1024,
  MB: 1024 * 1024,
  GB: 1024 * 1024 * 1024,
};

/** Bytes of `512KB`, `64MB` or `1GB`, in steps of 1024; null when the text is none or leaves the range, in bytes. */
export function parseSize(
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | null {
  const unit = sizePattern.exec(text)?.[1];
  if (unit === undefined) return null;
  const bytes = Number.parseInt(text, 10) * unitBytes[unit]!;
  return bytes >= least && bytes <= most ? bytes : null;
}
