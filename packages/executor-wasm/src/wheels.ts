import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "@codelet/core";
import { normalizedName, type PackageRequirement } from "./options.ts";
import { fetchWheels } from "./wheel-index.ts";

export interface WheelsRequest {
  readonly packages: readonly PackageRequirement[];
  readonly packagesFrom: string | undefined;
  readonly cacheDir: string | undefined;
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Paths of the wheels, in the order of the packages. Rejects with `configuration` when one isn't there. */
export async function findWheels(request: WheelsRequest): Promise<readonly string[]> {
  const { packages, packagesFrom } = request;
  if (packages.length === 0 || packagesFrom === undefined) return [];
  if (/^https?:/.test(packagesFrom)) return await fetchWheels(request, packagesFrom);
  let names: readonly string[];
  try {
    names = await readdir(packagesFrom);
  } catch (cause) {
    throw new ConfigurationError(`The folder ${packagesFrom} of \`packagesFrom\` can't be read.`, { cause });
  }
  return packages.map((requirement) => join(packagesFrom, chooseWheel(requirement, names, packagesFrom)));
}

/** The newest final version's wheel, or the asked version's. */
export function chooseWheel(requirement: PackageRequirement, fileNames: readonly string[], where: string): string {
  const wheels = fileNames.map(parseWheelName).filter((wheel) => wheel?.name === requirement.name);
  const pure = wheels.filter((wheel) => wheel?.isPure === true && (requirement.version === undefined || wheel.version === requirement.version));
  const finals = pure.filter((wheel) => /^[0-9.]+$/.test(wheel?.version ?? ""));
  const candidates = requirement.version === undefined && finals.length > 0 ? finals : pure;
  const best = candidates.reduce((a, b) => (b !== undefined && (a === undefined || compareVersions(b.version, a.version) > 0) ? b : a), undefined);
  if (best !== undefined) return best.fileName;
  const asked = requirement.version === undefined ? requirement.name : `${requirement.name}==${requirement.version}`;
  const found =
    wheels.length === 0
      ? "no wheel"
      : `only ${wheels
          .map((wheel) => wheel?.fileName)
          .slice(-3)
          .join(", ")}`;
  throw new ConfigurationError(`${where} has no pure Python wheel of ${asked} for Python 3: ${found} there.`);
}

interface Wheel {
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly isPure: boolean;
}

/** @see https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
function parseWheelName(fileName: string): Wheel | undefined {
  const [, name, version, python, abi, platform] =
    /^([^-/\\]+)-([^-/\\]+)(?:-\d[^-/\\]*)?-([^-/\\]+)-([^-/\\]+)-([^-/\\]+)\.whl$/.exec(fileName) ?? [];
  if (name === undefined || version === undefined || python === undefined) return undefined;
  const isPure = abi === "none" && platform === "any" && python.split(".").some((tag) => tag === "py3" || /^py31[0-4]$/.test(tag));
  return { fileName, name: normalizedName(name), version, isPure };
}

const compareVersions = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });
