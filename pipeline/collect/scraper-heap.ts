/** A binary heap of things that are due at a time: the earliest first, equal times in no order. 10,000 entries need 14 steps. */
export class DueHeap<T> {
  readonly #due: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the earliest is due; Infinity when there is none. */
  get next_due(): number {
    return this.#due[0] ?? Number.POSITIVE_INFINITY;
  }

  push(due: number, item: T): void {
    let at = this.#items.length;
    this.#due.push(due);
    this.#items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#due[parent] as number) <= due) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): T | undefined {
    const top = this.#items[0];
    const due = this.#due.pop();
    const item = this.#items.pop();
    if (this.#items.length > 0 && due !== undefined && item !== undefined) {
      this.#due[0] = due;
      this.#items[0] = item;
      this.#sink();
    }
    return top;
  }

  #sink(): void {
    const size = this.#items.length;
    for (let at = 0; ; ) {
      const left = at * 2 + 1;
      if (left >= size) return;
      const right = left + 1;
      const child = right < size && (this.#due[right] as number) < (this.#due[left] as number) ? right : left;
      if ((this.#due[at] as number) <= (this.#due[child] as number)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    [this.#due[a], this.#due[b]] = [this.#due[b] as number, this.#due[a] as number];
    [this.#items[a], this.#items[b]] = [this.#items[b] as T, this.#items[a] as T];
  }
}
