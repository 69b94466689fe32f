import type { Clock } from '../../pipeline/clock.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

/** What every channel is handed. */
export interface ChannelParts {
  readonly name: string;
  /** Address of the console, which links in messages must lead to; empty: messages have no links. */
  readonly link_base: string;
  /** How long the other side may take for one request. */
  readonly timeout: DurationMs;
  /** PEM file of the authorities to trust instead of the system's. */
  readonly ca_file?: string | undefined;
  readonly clock: Clock;
  /** Addresses of the machine's own link may be asked too. */
  readonly allow_link_local?: boolean | undefined;
  /** What the other side said when it took a message; without secrets. */
  readonly on_answer: (said: string) => void;
}
