import type { Git } from "./git.ts";
import type { PatchForm } from "./workspace.ts";

const forms: Readonly<Record<PatchForm, readonly string[]>> = {
  patch: ["--patch", "--binary", "--full-index"],
  stat: ["--stat=100", "--summary"],
  names: ["--name-only"],
};

/**
 * What git prints of the difference of two commits. Only plumbing on the control repository, whose configuration
 * names no driver: what a repository says of diff drivers and text conversion does not count.
 */
export function patchOf(
  control: Git,
  from: string,
  to: string,
  form: PatchForm,
): Promise<Uint8Array> {
  const plain = ["--no-ext-diff", "--no-textconv", "--no-color"];
  const prefixes = ["--src-prefix=a/", "--dst-prefix=b/"];
  const args = [
    "diff-tree",
    "-r",
    "--find-renames",
    ...plain,
    ...prefixes,
    ...forms[form],
    from,
    to,
  ];
  // Unusual names are quoted, as everybody who reads patches expects.
  return control.bytes(args, { config: { "core.quotePath": "true" } });
}
