import type { Clock } from '../../clock.ts';
import type { Scrape } from '../../contract/scrape.ts';
import type { Safety } from '../spool-sender.ts';

export type RemoteWriteVersion = 1 | 2;

export interface RemoteWriteOptions {
  readonly clock: Clock;
  /** Takes a scrape; `id` is the same for the same scrape, however often it is sent. Resolves when it is safe. */
  readonly publish: (scrape: Scrape, id: string) => Promise<Safety>;
  /**
   * How long an incomplete scrape waits, from its first sample or from the last request that was put off. Default 6 s:
   * Prometheus keeps a batch that is not full for 5 s, and tries again within 5 s.
   */
  readonly wait_ms?: number;
  /** Samples later than now by more than this are refused. Default 1 h: what is less the topology judges. */
  readonly future_max_ms?: number;
  /** Of one request, unpacked. Default 64 MiB. */
  readonly size_max_bytes?: number;
  /** Samples that may wait for the rest of their scrapes; more are put off. Default 8 million. */
  readonly waiting_max?: number;
  /** Series that are kept, and bytes of them; requests with more are put off. Default as in SeriesRoom. */
  readonly series_max?: number;
  readonly kept_max_bytes?: number;
}

/** Since the start, except where it says now. */
export interface RemoteWriteCounters {
  readonly requests: number;
  readonly samples: number;
  /** Samples that are no concern of ours: other jobs, other names. */
  readonly other_samples: number;
  /** Samples that had come before, or lie before one that has. */
  readonly repeated_samples: number;
  /** Samples without name, host or usable time. */
  readonly invalid_samples: number;
  /** Native histograms and exemplars: nothing that a dcgm-exporter sends. */
  readonly histograms: number;
  readonly exemplars: number;
  readonly scrapes: number;
  /** Scrapes of which the rest had gone on before. */
  readonly late_scrapes: number;
  /** Requests that were put off, and those that could not be read. */
  readonly put_off: number;
  readonly unreadable: number;
  /** Now: targets and series that are known, samples that wait. */
  readonly targets: number;
  readonly series: number;
  readonly waiting_samples: number;
}

/** What became of a request. */
export type RemoteWriteOutcome =
  | {
      readonly kind: 'taken';
      readonly samples: number;
      readonly histograms: number;
      readonly exemplars: number;
      /** Samples that nobody could take, and what was wrong with the first. */
      readonly invalid: number;
      readonly fault: string;
    }
  | { readonly kind: 'unreadable'; readonly detail: string }
  /** Nothing of it was taken: to be sent again. */
  | { readonly kind: 'put_off'; readonly detail: string };
