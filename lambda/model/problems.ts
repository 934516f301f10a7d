/** Collects what is wrong with a model, so that all of it is told at once. */
export class Problems {
  readonly #lines: string[] = [];

  /** @param where entity and field; @param what is wrong; @param remedy what to do about it. */
  add(where: string, what: string, remedy: string): void {
    this.#lines.push(`${where} ${what}: ${remedy}.`);
  }

  get all(): readonly string[] {
    return this.#lines;
  }
}
