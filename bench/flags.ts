import packageJson from "../package.json";

/** The flags that `npm run build` gives to `bun build`, so that what is compared is built alike. */
export function buildFlags(): string[] {
  const words = packageJson.scripts.build.split(" ");
  const from = words.lastIndexOf("build") + 1;
  return words.slice(from, words.indexOf("--outfile"));
}
