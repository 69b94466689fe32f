import type { FleetWork } from './fleet-work.ts';
import type { GroupReader } from './group-reader.ts';
import type { GroupWork } from './group-work.ts';

/** A group at work. */
export interface RunningGroup<SinkItems> {
  readonly work: GroupWork<SinkItems>;
  readonly reader: GroupReader;
  readonly stream: string;
  /** The fleet is told one thing after the other. */
  telling: Promise<void>;
  saved: number;
}

/** The fleet at work. */
export interface RunningFleet<SinkItems> {
  readonly work: FleetWork<SinkItems>;
  readonly stream: string;
  readonly close: () => Promise<void>;
  saved: number;
}
