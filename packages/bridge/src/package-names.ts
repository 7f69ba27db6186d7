import { inOneLine } from "./in-one-line.ts";

const name = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
const version = "(?:===|==|!=|<=|>=|~=|<|>)[ ]*[A-Za-z0-9](?:[A-Za-z0-9.*+!_-]*)";
const requirement = new RegExp(`^${name}(?:\\[${name}(?:,${name})*\\])?(?:[ ]*${version}(?:[ ]*,[ ]*${version})*)?$`);

/** Throws TypeError for what is no package of an index, such as `"pandas"`, `"numpy>=2,<3"` or `"httpx[http2]==0.28.1"`: no option, no URL, no file. */
export function checkPackageNames(packages: readonly string[]): void {
  if (!Array.isArray(packages)) throw new TypeError(`Expected \`packages\` to be a list, got \`${inOneLine(packages)}\` (${typeof packages})`);
  for (const item of packages)
    if (typeof item !== "string" || item.length > 200 || !requirement.test(item))
      throw new TypeError(`Expected \`packages\` to hold names such as "pandas" or "numpy>=2,<3", got \`${inOneLine(item)}\``);
}
