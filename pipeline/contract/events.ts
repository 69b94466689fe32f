import type { ErrorCode } from './errors.ts';

/** Rows other than samples. Field names are those of the tables, of REST, of NATS and of JSONL; instants are epoch ms. */

/** Why something was refused: the token in `dcgm.invalid.<reason>.<node>` and the key in summaries. */
export const REASON_CODES = {
  unreadable_scrape: 'GV-PRS-001',
  unreadable_line: 'GV-PRS-002',
  unreadable_record: 'GV-PRS-003',
  damaged_message: 'GV-WIRE-001',
  unknown_schema: 'GV-WIRE-002',
  oversized_message: 'GV-WIRE-003',
  out_of_range: 'GV-VAL-001',
  not_a_number: 'GV-VAL-002',
  no_identity: 'GV-VAL-003',
  no_time: 'GV-VAL-004',
  late: 'GV-VAL-005',
  no_metrics: 'GV-VAL-006',
  sentinel: 'GV-VAL-007',
  future: 'GV-VAL-008',
  refused_by_database: 'GV-SNK-002',
} as const satisfies Record<string, ErrorCode>;

export type Reason = keyof typeof REASON_CODES;
export type RefusalLevel = 'value' | 'line' | 'row' | 'scrape';

/** Something that normalising refused; travels inside the scrape until the topology turns it into a dead letter. */
export interface Refusal {
  readonly level: RefusalLevel;
  readonly reason: Reason;
  /** What exactly is wrong, with the numbers. */
  readonly detail: string;
  /** The refused text, verbatim. */
  readonly original: string;
}

export interface DeadLetter {
  readonly ts: number;
  readonly node: string;
  readonly level: RefusalLevel;
  readonly reason: Reason;
  readonly code: ErrorCode;
  /** Id of the topology step that refused it. */
  readonly step: string;
  readonly detail: string;
  readonly original?: string;
  readonly original_base64?: string;
}

export type Severity = 'info' | 'warning' | 'critical';

/** One detector firing for one GPU. `ts` is `opened_at`, so that closing rewrites the same row. */
export interface Anomaly {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly id: string;
  readonly type: string;
  readonly metric: string;
  readonly severity: Severity;
  readonly score: number;
  readonly observed: number;
  readonly expected: number;
  readonly window: string;
  readonly detector: string;
  readonly explanation: string;
  readonly state: 'open' | 'closed';
  readonly opened_at: number;
  readonly closed_at: number | null;
}

/** Inventory facts of a GPU; empty text and null mean unknown. `ts` is the first `registered_at` and stays, so that a change rewrites the row. */
export interface Asset {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  readonly serial: string;
  readonly pci_bus_id: string;
  readonly cluster: string;
  readonly rack: string;
  readonly slot: string;
  readonly owner: string;
  readonly tenant: string;
  readonly deployed_at: number | null;
  readonly warranty_until: number | null;
  readonly purchase_price: number | null;
  readonly operating_hours: number | null;
  readonly registered_at: number;
  readonly status: string;
  readonly note: string;
  readonly retired_at: number | null;
}

/** Who uses a GPU: kept beside the sample, never part of its identity. */
export interface Attribution {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly job: string;
}
