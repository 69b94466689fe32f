/** A step of the pipeline as the engine tells of it: counts since the engine began. */
export interface StepCounts {
  readonly id: string;
  /** source, stage, operator, items, fleet or sink. */
  readonly kind: string;
  readonly items_in: number;
  readonly items_out: number;
  readonly batches: number;
  readonly busy_ms: number;
}

export interface StepEdge {
  readonly from: string;
  readonly port: string;
  readonly to: string;
}

/** GET /topology; most is absent until an engine has told of itself. */
export interface TopologyAnswer {
  readonly worker: string | null;
  readonly received_at: string | null;
  readonly workers: readonly string[];
  readonly steps: readonly StepCounts[];
  readonly edges: readonly StepEdge[];
  /** By the engine's clock, epoch ms. */
  readonly ts?: number;
  readonly started_at?: number;
  readonly lag_messages?: number;
  /** Event time up to which everything is done, epoch ms. */
  readonly watermark?: number | null;
  readonly gpus?: number;
  readonly snapshots?: number;
  readonly mermaid?: string;
}
