import type { Trigger } from '../../models/registry/manifest.ts';

/** Drift that asks for a new model. */
export interface DriftSeen {
  readonly what: Exclude<Trigger, 'asked' | 'schedule'>;
  /** Event time from which on it is known, epoch ms. */
  readonly at: number;
  /** What has drifted, or is drifted from: name and version. */
  readonly model: string;
  /** A sentence. */
  readonly why: string;
}
