import { type BenchSocket, openBenchSocket } from './bench-socket.ts';
import { runQueueMs } from './run-queue.ts';
import { sharedInstant } from './shared-instant.ts';

/** Subscribers of one kind: each takes the next of `topics`. */
export interface CrowdGroup {
  readonly name: string;
  readonly sockets: number;
  readonly topics: readonly string[];
  /** Text before the instant of publishing, in each row. */
  readonly mark: string;
}

export interface CrowdOrder {
  readonly url: string;
  readonly groups: readonly CrowdGroup[];
}

export interface GatherReport {
  /** From the first connect until everybody has what it asked for. */
  readonly took_ms: number;
  readonly bytes: number;
  readonly snapshots: number;
  readonly gaps: number;
}

export interface GroupReport {
  /** Changes whose way was timed. */
  readonly timed: number;
  readonly messages: number;
  readonly bytes: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly gaps: number;
  readonly snapshots: number;
  /** Deltas whose number did not follow the one before. */
  readonly breaks: number;
}

export interface CrowdReport {
  readonly groups: Readonly<Record<string, GroupReport>>;
  readonly all: GroupReport;
  readonly seconds: number;
  readonly cpu_share: number;
  /** How long it was ready to run and did not, because others had the cores. */
  readonly waited_share: number;
}

const BUCKET_MS = 0.1;
const BUCKETS = 100_000;
/** Of many on one topic each that many-th is timed: looking at every row for all would take more than reading does. */
const TIMED_EVERY = 25;
const TIMED_BYTES = 4_194_304;
const COUNTED_BYTES = 256;

class Tally {
  messages = 0;
  bytes = 0;
  gaps = 0;
  snapshots = 0;
  breaks = 0;
  timed = 0;
  readonly buckets = new Uint32Array(BUCKETS);

  time(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(ms / BUCKET_MS)));
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
    this.timed++;
  }

  add(other: Tally): void {
    this.messages += other.messages;
    this.bytes += other.bytes;
    this.gaps += other.gaps;
    this.snapshots += other.snapshots;
    this.breaks += other.breaks;
    this.timed += other.timed;
    for (let i = 0; i < BUCKETS; i++) this.buckets[i] = (this.buckets[i] as number) + (other.buckets[i] as number);
  }

  report(): GroupReport {
    const at = (share: number): number => {
      let rest = this.timed * share;
      const bucket = this.buckets.findIndex((count) => {
        rest -= count;
        return count > 0 && rest <= 0;
      });
      return this.timed === 0 ? 0 : (bucket + 1) * BUCKET_MS;
    };
    const { timed, messages, bytes, gaps, snapshots, breaks } = this;
    return { timed, messages, bytes, gaps, snapshots, breaks, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
  }
}

interface Member {
  readonly group: CrowdGroup;
  readonly topic: string;
  readonly timed: boolean;
  socket: BenchSocket | null;
  seq: number | null;
}

/** Many subscribers in one process. */
export class Crowd {
  private readonly order: CrowdOrder;
  private readonly members: Member[] = [];
  private tallies = new Map<string, Tally>();
  private started = 0;
  private cpu = process.cpuUsage();
  private waited = runQueueMs();

  constructor(order: CrowdOrder) {
    this.order = order;
    for (const group of order.groups) {
      for (let i = 0; i < group.sockets; i++) {
        const topic = group.topics[i % group.topics.length] as string;
        const timed = group.topics.length > 1 || i % TIMED_EVERY === 0;
        this.members.push({ group, topic, timed, socket: null, seq: null });
      }
    }
    this.start();
  }

  /** All at once, as after a restart of the server; with `since` each says where it was. */
  async connect(since: boolean): Promise<GatherReport> {
    this.start();
    const began = sharedInstant();
    await Promise.all(this.members.map((member) => this.join(member, since)));
    const took_ms = sharedInstant() - began;
    const tallies = [...this.tallies.values()];
    const sum = (name: 'bytes' | 'snapshots' | 'gaps'): number => tallies.reduce((total, one) => total + one[name], 0);
    return { took_ms, bytes: sum('bytes'), snapshots: sum('snapshots'), gaps: sum('gaps') };
  }

  leave(): void {
    for (const member of this.members) {
      member.socket?.close();
      member.socket = null;
    }
  }

  stall(name: string, stalled: boolean): void {
    for (const { group, socket } of this.members) {
      if (group.name !== name) continue;
      if (stalled) socket?.pause();
      else socket?.resume();
    }
  }

  start(): void {
    this.tallies = new Map(this.order.groups.map(({ name }) => [name, new Tally()]));
    this.started = sharedInstant();
    this.cpu = process.cpuUsage();
    this.waited = runQueueMs();
  }

  report(): CrowdReport {
    const seconds = (sharedInstant() - this.started) / 1_000;
    const { user, system } = process.cpuUsage(this.cpu);
    const all = new Tally();
    for (const tally of this.tallies.values()) all.add(tally);
    return {
      all: all.report(),
      groups: Object.fromEntries([...this.tallies].map(([name, tally]) => [name, tally.report()])),
      seconds,
      cpu_share: (user + system) / 1e6 / seconds,
      waited_share: (runQueueMs() - this.waited) / 1_000 / seconds,
    };
  }

  /** Resolves when the member has its snapshot, or knows by a pong that no delta is left to come. */
  private join(member: Member, since: boolean): Promise<void> {
    const { group, topic, timed } = member;
    let ponged = false;
    return new Promise((resolve, reject) => {
      const mine = openBenchSocket({
        url: this.order.url,
        head_bytes: timed ? TIMED_BYTES : COUNTED_BYTES,
        onOpen: () => {
          mine.say({ op: 'subscribe', topic, ...(since && member.seq !== null && { since: member.seq }) });
          if (since) mine.say({ op: 'ping' });
        },
        onMessage: (head, bytes) => {
          const at = sharedInstant();
          const tally = this.tallies.get(group.name) as Tally;
          tally.messages++;
          tally.bytes += bytes;
          const type = after(head, '"type":"');
          if (type.startsWith('delta')) {
            const seq = Number.parseInt(after(head, '"seq":'), 10);
            if (member.seq !== null && seq !== member.seq + 1) tally.breaks++;
            member.seq = seq;
            if (timed) for (const mark of marks(head, group.mark)) tally.time(at - mark);
          } else if (type.startsWith('snapshot')) {
            tally.snapshots++;
            member.seq = Number.parseInt(after(head, '"seq":'), 10);
            if (!since || ponged) resolve();
          } else if (type.startsWith('gap')) {
            tally.gaps++;
            member.seq = null;
          } else if (type.startsWith('pong')) {
            ponged = true;
            if (member.seq !== null) resolve();
          }
        },
        onClose: () => reject(new Error(`the connection for ${topic} was closed`)),
      });
      member.socket = mine;
    });
  }
}

function after(text: string, before: string): string {
  const at = text.indexOf(before);
  return at < 0 ? '' : text.slice(at + before.length, at + before.length + 24);
}

/** Rows that no sample has come for say null. */
function* marks(text: string, before: string): Generator<number> {
  for (let at = text.indexOf(before); at >= 0; at = text.indexOf(before, at)) {
    at += before.length;
    const mark = Number.parseFloat(text.slice(at, at + 24));
    if (mark > 0) yield mark;
  }
}
