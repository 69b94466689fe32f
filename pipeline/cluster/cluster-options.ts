import type { KeyValue } from '../bus/key-value.ts';
import type { ObjectStore } from '../bus/object-store.ts';
import type { PickedLog } from '../bus/picked-log.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { DurationMs } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import type { Sinks } from '../run-topology.ts';
import type { OwnLease } from './own-lease.ts';

export interface ClusterWorkerOptions<SinkItems> {
  readonly bus: Bus;
  readonly log: PickedLog;
  readonly keys: KeyValue;
  readonly objects: ObjectStore;
  /** Its name, of which there is one at a time; and one of this life alone. */
  readonly worker: string;
  readonly incarnation: string;
  /** A NATS server that says nothing for so long is asked anew, ms. */
  readonly silence_max_ms: number;
  /** Ours, which somebody else renews; `held` may stop the thread until it is known. */
  readonly own: Pick<OwnLease, 'held' | 'steady_ms'>;
  /** As for `OwnLease`. */
  readonly lease: DurationMs;
  /** A topology of its own for whoever asks. */
  readonly topology: () => Topology;
  /** Of the groups' half. */
  readonly sinks: Sinks<SinkItems>;
  /** Of the fleet's half: opened when the fleet's work comes here, closed when it goes. */
  readonly fleetSinks: () => Sinks<SinkItems>;
  /** Where one group writes to, when not all write to `sinks` as they are; flushed with them. */
  readonly groupSinks?: (group: number) => Sinks<SinkItems>;
  /**
   * Called when a unit is ours and before it goes on here: what others have written out may be told again, and nobody who had it
   * before may write out more. False: somebody has it after us.
   */
  readonly beforeUnit?: (unit: number, epoch: number) => Promise<boolean>;
  /** Called when the bus has been silent for so long that the connection may be to blame. */
  readonly onSilence?: () => void;
  /** As for `decode`. */
  readonly future_max: DurationMs | null;
  /** Time between two snapshots of a group. */
  readonly snapshot_interval: DurationMs;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /**
   * Its groups may be in other hands: whatever of it is still on its way to anywhere must stop at once. Nothing was written
   * out, nothing is handed over.
   */
  readonly onLost: (why: string) => void;
}
