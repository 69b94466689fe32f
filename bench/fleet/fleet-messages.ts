import type { FleetOptions } from './fleet.ts';
import type { StoryTruth } from './story-schedule.ts';

/** What a fleet thread is started with (`workerData`). */
export interface FleetThreadOptions {
  readonly fleet: FleetOptions;
  readonly port: number;
  readonly speed: number;
  readonly interval_ms: number;
  /** Back-fill before serving, from the fleet's start; null for none. `to_ms` is the wall's time when left out;
   * instants before `resume_ms` are lived through but not told: an earlier back-fill that was cut short told them. */
  readonly history: { readonly step_ms: number; readonly to_ms?: number; readonly resume_ms?: number } | null;
  /** Fleet time at which serving begins when there is no history to follow; null: the wall's. */
  readonly live_from_ms: number | null;
}

/** One node's scrape of the past, in the binary form of contract/wire.ts, ready to be published. */
export interface HistoryMessage {
  readonly node: string;
  readonly ts: number;
  readonly boot_epoch: number;
  readonly sequence: number;
  readonly rows: number;
  readonly data: Uint8Array;
}

export type FromFleetThread =
  /** Scrapes of a stretch of history in time order; `done` and `total` count instants. Answer with `more` when they are dealt with. */
  | {
      readonly type: 'history';
      readonly messages: readonly HistoryMessage[];
      readonly done: number;
      readonly total: number;
      /** Instant behind the last one in `messages`. */
      readonly next_ms: number;
    }
  | { readonly type: 'ready'; readonly url: string; readonly sd_url: string; readonly live_from_ms: number }
  | { readonly type: 'injected'; readonly id: number; readonly truth: StoryTruth }
  | {
      readonly type: 'refused';
      readonly id: number;
      readonly error: { code: string; what: string; where: string; action: string };
    }
  | { readonly type: 'truth'; readonly id: number; readonly truth: readonly StoryTruth[] };

export type ToFleetThread =
  | { readonly type: 'more' }
  | { readonly type: 'inject'; readonly id: number; readonly story: string; readonly gpu_uuid: string }
  | { readonly type: 'truth'; readonly id: number }
  | { readonly type: 'close' };
