import { assignVariant } from '../models/registry/assign-variant.ts';
import type { FailureModel, ModelBook } from './contract/failure-model.ts';

/** Past models kept per role: a replay that reaches further back sees the oldest of them come later than it did. */
const KEPT = 4;

interface Term {
  /** What the server stored from this instant on is judged by it (epoch ms). */
  readonly from: number;
  readonly model: FailureModel | null;
}

/** Null: the heuristic in the place of a champion, nobody in that of a challenger. */
export interface Judging {
  readonly champion: FailureModel | null;
  readonly challenger: FailureModel | null;
  /** 0..1. */
  readonly challenger_share: number;
}

export type ModelRole = 'champion' | 'challenger';

/**
 * Models in memory, with their last terms. A challenger judges the GPUs that a hash of their UUID gives it (`share` of them,
 * 0..1), everybody else has the champion; where there is none, `base`.
 */
export class ModelVersions implements ModelBook {
  private readonly terms: Readonly<Record<ModelRole, Term[]>> = { champion: [], challenger: [] };
  private readonly base: FailureModel | null;
  private readonly share: number;

  constructor(options: { readonly base: FailureModel | null; readonly share: number }) {
    this.base = options.base;
    this.share = options.share;
  }

  at(arrived_at: number, gpu_uuid: string): FailureModel | null {
    const challenger = this.share > 0 ? this.termOf('challenger', arrived_at) : null;
    if (challenger !== null && assignVariant(gpu_uuid, this.share, challenger.version) === 'challenger')
      return challenger;
    return this.termOf('champion', arrived_at) ?? this.base;
  }

  /** Who judges what the server stores at this instant: the challenger its share of the GPUs, the champion the others. */
  judging(arrived_at: number): Judging {
    const challenger = this.share > 0 ? this.termOf('challenger', arrived_at) : null;
    return {
      champion: this.termOf('champion', arrived_at) ?? this.base,
      challenger,
      challenger_share: challenger === null ? 0 : this.share,
    };
  }

  /** As last told, whether it counts already or not. */
  latest(role: ModelRole): FailureModel | null {
    return this.terms[role].at(-1)?.model ?? null;
  }

  /** From `from` on this model (null: none) has the role. Terms begin one after the other. */
  put(role: ModelRole, model: FailureModel | null, from: number): void {
    const terms = this.terms[role];
    const begins = Math.max(from, terms.at(-1)?.from ?? Number.NEGATIVE_INFINITY);
    if (terms.at(-1)?.from === begins) terms.pop();
    terms.push({ from: begins, model });
    if (terms.length > KEPT) terms.shift();
  }

  private termOf(role: ModelRole, arrived_at: number): FailureModel | null {
    const terms = this.terms[role];
    for (let i = terms.length - 1; i >= 0; i--) {
      const term = terms[i] as Term;
      if (arrived_at >= term.from) return term.model;
    }
    return null;
  }
}
