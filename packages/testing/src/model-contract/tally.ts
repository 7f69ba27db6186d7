/** What became of the cases, for one honest summary. */
export class Tally {
  #passed = 0;
  #failed = 0;
  readonly #deviations = new Map<string, string>();
  readonly #skipped = new Map<string, readonly string[]>();

  passed(): void {
    this.#passed++;
  }

  failed(): void {
    this.#failed++;
  }

  deviated(name: string, reason: string): void {
    this.#deviations.set(name, reason);
  }

  skipped(name: string, reason: string): void {
    this.#skipped.set(reason, [...(this.#skipped.get(reason) ?? []), name]);
  }

  /** One line with the counts, then one per reason and per deviation. */
  lines(title: string): readonly string[] {
    const skipped = [...this.#skipped.values()].flat().length;
    return [
      `${title}: ${this.#passed} passed, ${this.#failed} failed, ${this.#deviations.size} deviate as declared, ${skipped} skipped`,
      ...[...this.#skipped].map(([reason, names]) => `  SKIPPED ${names.length}, ${reason}: ${names.join("; ")}`),
      ...[...this.#deviations].map(([name, reason]) => `  DEVIATES ${name}: ${reason}`),
    ];
  }
}
