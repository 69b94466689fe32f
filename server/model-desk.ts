import type { AliasEntry } from '../models/registry/alias-book.ts';
import type { ModelManifest } from '../models/registry/manifest.ts';
import type { FeatureReference } from '../pipeline/honesty/feature-drift.ts';

/** A version of a failure model, wherever it lies. Null is what nobody knows. */
export interface KnownModel extends Pick<ModelManifest, 'name' | 'lineage' | 'metrics' | 'note' | 'card'> {
  /** As predictions and paths tell it: a number of the registry, `shipped-1`, or `heuristic`. */
  readonly version: string;
  /** A rule of thumb was trained on nothing. */
  readonly trained_on: ModelManifest['trained_on'] | 'nothing';
  /** Epoch ms. */
  readonly created_at: number | null;
  readonly aliases: readonly string[];
  /** Share (0..1) of the GPUs that it judges now. */
  readonly judges_ratio: number;
  readonly parent_version: number | null;
  readonly sha256: string | null;
  readonly size_bytes: number | null;
}

/** An alias that was moved; null: it points, or pointed, to no version. */
export interface AliasMove {
  readonly alias: string;
  readonly version: string | null;
  readonly before: string | null;
}

/** Who wants an alias moved, and why. */
export interface AliasRequest {
  readonly alias: string;
  readonly by: string;
  readonly why: string;
}

/** Importances are shares (0..1) of what the model goes by. */
export interface JudgedReference extends FeatureReference {
  readonly name: string;
  readonly version: string;
  readonly trained_on: KnownModel['trained_on'];
}

/**
 * Every failure model that is there, which of them judges, and the ways to change that. Throws VitalsError: GV-MDL-101 there
 * is no such version, GV-MDL-103 it cannot have the alias, GV-MDL-104 nothing to roll back to, GV-MDL-105 or GV-BUS-* the
 * registry cannot be read.
 */
export interface ModelDesk {
  /** Versions of the registry, then what judges where none is promoted. */
  list(): Promise<readonly KnownModel[]>;
  /** Every change of an alias, oldest first. */
  history(): Promise<readonly AliasEntry[]>;
  /** What judges without a promotion is promoted by taking the champion away. */
  promote(version: string, request: AliasRequest): Promise<AliasMove>;
  rollback(request: AliasRequest): Promise<AliasMove>;
  /** How the features of the model that judges most GPUs were spread where it was trained; null when it learned from nothing. */
  reference(): Promise<JudgedReference | null>;
}
