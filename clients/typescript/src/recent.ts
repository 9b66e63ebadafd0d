// The entries that were used last, up to a number of them. Forgets the others.
export class Recent<T> {
  readonly #entries = new Map<string | number, T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string | number): T | undefined {
    const found = this.#entries.get(key);
    if (found !== undefined) this.set(key, found);
    return found;
  }

  set(key: string | number, value: T | undefined): void {
    this.#entries.delete(key);
    if (value !== undefined) this.#entries.set(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) return;
      this.#entries.delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}
