/** What became of the cases, for one honest summary. */
export class Tally {
  #passed = 0;
  readonly #failed = new Map<string, readonly string[]>();
  readonly #deviations = new Map<string, string>();
  readonly #skipped = new Map<string, readonly string[]>();

  passed(): void {
    this.#passed++;
  }

  /** `lacks` are those that would have skipped it. */
  failed(name: string, lacks: readonly string[]): void {
    this.#failed.set(name, lacks);
  }

  deviated(name: string, reason: string): void {
    this.#deviations.set(name, reason);
  }

  skipped(name: string, reason: string): void {
    this.#skipped.set(reason, [...(this.#skipped.get(reason) ?? []), name]);
  }

  /** One line with the counts, then one per failure that may be a lack, per reason and per deviation. */
  lines(title: string): readonly string[] {
    const skipped = [...this.#skipped.values()].flat().length;
    const lacking = [...this.#failed].filter(([, lacks]) => lacks.length > 0);
    return [
      `${title}: ${this.#passed} passed, ${this.#failed.size} failed, ${this.#deviations.size} deviate as declared, ${skipped} skipped`,
      ...lacking.map(
        ([name, lacks]) => `  FAILED ${name}: where the provider has none, declare ${lacks.map((lack) => `lacks.${lack}`).join(" or ")}`,
      ),
      ...[...this.#skipped].map(([reason, names]) => `  SKIPPED ${names.length}, ${reason}: ${names.join("; ")}`),
      ...[...this.#deviations].map(([name, reason]) => `  DEVIATES ${name}: ${reason}`),
    ];
  }
}
