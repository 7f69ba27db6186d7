/** What became of the cases, for one honest summary. */
export class Tally {
  readonly #passed: string[] = [];
  readonly #failed: string[] = [];
  readonly #reasons = new Map<string, string[]>();
  readonly #deviations = new Map<string, string>();

  passed(name: string): void {
    this.#passed.push(name);
  }

  failed(name: string): void {
    this.#failed.push(name);
  }

  deviated(name: string, reason: string): void {
    this.#deviations.set(name, reason);
  }

  skipped(name: string, reason: string): void {
    this.#reasons.set(reason, [...(this.#reasons.get(reason) ?? []), name]);
  }

  /** One line with the counts, then one per reason and per deviation. */
  lines(title: string): readonly string[] {
    const skipped = [...this.#reasons.values()].flat().length;
    return [
      `${title}: ${this.#passed.length} passed, ${this.#failed.length} failed, ${this.#deviations.size} deviate as declared, ${skipped} skipped`,
      ...[...this.#reasons].map(([reason, names]) => `  SKIPPED ${names.length}, ${reason}: ${names.join("; ")}`),
      ...[...this.#deviations].map(([name, reason]) => `  DEVIATES ${name}: ${reason}`),
    ];
  }
}
