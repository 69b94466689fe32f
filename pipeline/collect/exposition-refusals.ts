import type { Refusal } from '../contract/events.ts';
import { ANY_NODE } from './exposition-nodes.ts';

/** Of one scrape: lines that are told one by one, and bytes of them; what is beyond is told as a number. */
const LINES_MAX = 1_000;
const BYTES_MAX = 262_144;
const UNIDENTIFIED_BYTES_MAX = 4_096;

interface Kept {
  /** Of all that this scrape refuses. */
  readonly number: number;
  readonly refusal: Refusal;
}

interface Unidentified {
  readonly number: number;
  samples: number;
  lines: string[];
  bytes: number;
}

/** What one scrape refuses, per node, in the order of its lines. Bounded, whatever the body is. */
export class ExpositionRefusals {
  /** By node. */
  #kept = new Map<number, Kept[]>();
  #number = 0;
  #lines = 0;
  #bytes = 0;
  #beyond = 0;
  #unidentified = new Map<number, Unidentified>();

  value(node: number, refusal: Refusal): void {
    const known = this.#kept.get(node);
    const kept = { number: this.#number++, refusal };
    if (known === undefined) this.#kept.set(node, [kept]);
    else known.push(kept);
  }

  /** A GPU of which nothing known was told. */
  stranger(node: number, uuid: string, original: string): void {
    const detail = `${uuid}: no known metric; the original holds the first sample`;
    this.value(node, { level: 'row', reason: 'no_metrics', detail, original });
  }

  line(original: string, detail: string): void {
    this.#lines++;
    this.#bytes += original.length;
    if (this.#lines > LINES_MAX || (this.#lines > 1 && this.#bytes > BYTES_MAX)) {
      this.#beyond++;
      return;
    }
    this.value(ANY_NODE, { level: 'line', reason: 'unreadable_line', detail, original });
  }

  /** A sample of a known metric whose labels do not tell which GPU it is of. */
  unidentified(node: number, original: string): void {
    const group = this.#unidentified.get(node) ?? { number: this.#number++, samples: 0, lines: [], bytes: 0 };
    this.#unidentified.set(node, group);
    group.samples++;
    group.bytes += original.length;
    if (group.lines.length === 0 || group.bytes <= UNIDENTIFIED_BYTES_MAX) group.lines.push(original);
  }

  /** Those of a node; `first` also takes what names no host. */
  of(node: number, first: boolean): Refusal[] {
    const mine = first ? [node, ANY_NODE] : [node];
    const inOrder = (a: { readonly number: number }, b: { readonly number: number }): number => a.number - b.number;
    const kept = mine.flatMap((one) => this.#kept.get(one) ?? []).sort(inOrder);
    const refusals = kept.map(({ refusal }) => refusal);
    if (first && this.#beyond > 0) {
      const detail = `${this.#beyond} more unreadable lines in this scrape`;
      refusals.push({ level: 'line', reason: 'unreadable_line', detail, original: '' });
    }
    const groups = mine.flatMap((one) => this.#unidentified.get(one) ?? []).sort(inOrder);
    if (groups.length > 0) {
      const samples = groups.reduce((sum, group) => sum + group.samples, 0);
      refusals.push({
        level: 'row',
        reason: 'no_identity',
        detail: `${samples} samples of known metrics have no UUID label`,
        original: groups.flatMap((group) => group.lines).join('\n'),
      });
    }
    return refusals;
  }
}
