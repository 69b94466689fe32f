import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { METRIC_COUNT, metricIndex } from '../pipeline/contract/metrics.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import type { LiveSocket } from '../sinks/live/socket-server.ts';
import { FleetView } from './fleet-view.ts';
import { liveFold } from './live-fold.ts';
import { LiveHub } from './live-hub.ts';
import { LiveTopics } from './live-topics.ts';
import { RecentDeltas } from './recent-deltas.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const START = 1_767_225_600_000;
const TOPICS = ['fleet', 'node/n1', 'gpu/GPU-0', 'anomalies', 'alerts'] as const;
type Name = (typeof TOPICS)[number];
const SLOW_BYTES = 600;

interface Message {
  readonly topic: Name;
  readonly seq: number;
  readonly type: 'snapshot' | 'delta' | 'gap';
  readonly data: unknown;
}

/** A client that holds the server to its word: what arrives out of turn fails the test. */
class Client implements LiveSocket {
  readonly joined = new Set<string>();
  readonly known = new Map<Name, { seq: number; state: unknown; fold: ReturnType<typeof liveFold> }>();
  /** Topics of which a gap was told, and no snapshot since. */
  readonly gaps = new Set<Name>();
  reads = true;
  private waiting: string[] = [];

  send(text: string): void {
    if (this.reads) this.receive(text);
    else this.waiting.push(text);
  }

  buffered(): number {
    return this.waiting.reduce((sum, text) => sum + text.length, 0);
  }
  join(topic: string): void {
    this.joined.add(topic);
  }

  leave(topic: string): void {
    this.joined.delete(topic);
  }

  close(): void {}

  read(): void {
    this.reads = true;
    for (const text of this.waiting.splice(0)) this.receive(text);
  }

  private receive(text: string): void {
    const { topic, seq, type, data } = JSON.parse(text) as Message;
    const known = this.known.get(topic);
    if (type === 'gap') {
      this.gaps.add(topic);
      expect((data as { to: number }).to).toBe(seq);
    } else if (type === 'snapshot') {
      // One without a gap is the first, or one that was asked for.
      this.gaps.delete(topic);
      const fold = liveFold(topic);
      this.known.set(topic, { seq, state: fold({ type, data }), fold });
    } else {
      expect(this.gaps.has(topic)).toBe(false);
      expect(known && seq, topic).toBe((known?.seq ?? Number.NaN) + 1);
      if (known) this.known.set(topic, { ...known, seq, state: known.fold({ type, data }) });
    }
  }
}

/** Hub and topics over a network that the test holds in its hands; publishing takes `cost_ms` of the clock. */
function world(cost_ms: number) {
  const clock = settableClock(START);
  const clients: { client: Client; session: ReturnType<LiveHub['open']> }[] = [];
  const view: FleetView = new FleetView({
    clock,
    onChange(entry, left) {
      topics.touchGpu(entry, left);
      hub.changed();
    },
    onAnomaly: (anomaly) => topics.touchAnomaly(anomaly),
  });
  // Small enough that what is old goes in some of the runs.
  const recent = new RecentDeltas({ clock, keep_ms: 5_000, bytes_max: 2_048 });
  const limits = { deltas_max: 4, bytes_max: 1 << 20, keep_ms: 60_000, topics_max: 100, alerts_max: 100 };
  const topics = new LiveTopics({ clock, view, recent, ...limits });
  const hub = new LiveHub({
    clock,
    topics,
    limits: { slow_bytes: SLOW_BYTES, messages_per_s: 1e9, message_burst: 1e9 },
  });
  hub.attach({
    kind: 'ws',
    port: 0,
    publish(topic, text) {
      clock.advance(cost_ms);
      for (const { client } of clients) if (client.joined.has(topic)) client.send(text);
    },
    close: async () => {},
  });
  let ts = START;
  return {
    clients,
    hub,
    topics,
    /** Lets everything that is due happen. */
    settle(): void {
      for (let i = 0; i < 8; i++) {
        vi.runAllTicks();
        vi.advanceTimersByTime(150);
        clock.advance(150);
        hub.tick();
      }
    },
    pass(ms: number): void {
      vi.advanceTimersByTime(ms);
      clock.advance(ms);
    },
    sample(gpu: number, node: string): void {
      ts++;
      const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
      values[metricIndex('power_watts')] = ts % 1_000;
      const gpu_uuid = `GPU-${gpu}`;
      view.applySample({ gpu_uuid, instance: '', node, model: 'H100', slot: '', attribution: [] }, ts, values);
    },
    anomaly(gpu: number, state: 'open' | 'closed'): void {
      const closed_at = state === 'closed' ? ts : null;
      view.applyAnomaly(anomalyOf({ gpu_uuid: `GPU-${gpu}`, id: `A${gpu}`, state, closed_at, score: ts++ }));
    },
    alert(id: string, state: 'open' | 'closed'): void {
      const alert = { id, state, gpu_uuid: '', node: '', source: '', tenant: '', opened_at: null };
      topics.touchAlert(alert, JSON.stringify({ id, state, turn: ts++ }));
      hub.changed();
    },
    come(): void {
      const client = new Client();
      clients.push({ client, session: hub.open(client) });
    },
    say: (at: number, request: object): void => {
      const one = clients[at % Math.max(1, clients.length)];
      if (one) hub.message(one.session, JSON.stringify(request));
    },
  };
}

type World = ReturnType<typeof world>;
const at = fc.nat({ max: 3 });
const topicArbitrary = fc.constantFrom(...TOPICS);
const state = fc.constantFrom('open' as const, 'closed' as const);
const steps: fc.Arbitrary<(w: World) => void> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat({ max: 4 }), fc.constantFrom('n1', 'n2')).map(
      ([g, n]) =>
        (w: World) =>
          w.sample(g, n),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat({ max: 4 }), state).map(
      ([g, s]) =>
        (w: World) =>
          w.anomaly(g, s),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('L1', 'L2'), state).map(
      ([id, s]) =>
        (w: World) =>
          w.alert(id, s),
    ),
  },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 120 }).map((ms) => (w: World) => w.pass(ms)) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 2, max: 30 }).map((turns) => (w: World) => {
      for (let turn = 0; turn < turns; turn++) {
        w.sample(turn % 3, 'n1');
        w.pass(110);
      }
    }),
  },
  { weight: 1, arbitrary: fc.constant((w: World) => w.come()) },
  {
    weight: 2,
    arbitrary: fc.tuple(at, topicArbitrary).map(
      ([c, topic]) =>
        (w: World) =>
          w.say(c, { op: 'subscribe', topic }),
    ),
  },
  {
    // Comes back to a topic from where it was, or from a number that it makes up.
    weight: 3,
    arbitrary: fc
      .tuple(at, topicArbitrary, fc.constantFrom(0, 0, -1, -2, -9, 3))
      .map(([c, topic, by]) => (w: World) => {
        const one = w.clients[c % Math.max(1, w.clients.length)];
        const known = one?.client.known.get(topic);
        // What still waits in the network would be taken for an answer; nobody asks again before it has read.
        if (one === undefined || known === undefined || !one.client.reads || one.client.gaps.has(topic)) return;
        known.seq += by;
        w.say(c, { op: 'subscribe', topic, since: known.seq });
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(at, topicArbitrary).map(([c, topic]) => (w: World) => {
      const one = w.clients[c % Math.max(1, w.clients.length)];
      if (one === undefined || !one.client.reads) return;
      w.say(c, { op: 'unsubscribe', topic });
      one.client.known.delete(topic);
      one.client.gaps.delete(topic);
    }),
  },
  {
    weight: 2,
    arbitrary: at.map((c) => (w: World) => {
      const one = w.clients[c % Math.max(1, w.clients.length)];
      if (one) one.client.reads = false;
    }),
  },
  {
    weight: 2,
    arbitrary: at.map((c) => (w: World) => {
      const one = w.clients[c % Math.max(1, w.clients.length)];
      if (one === undefined || one.client.reads) return;
      one.client.read();
      w.hub.drain(one.session);
    }),
  },
);

const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);

it('keeps its laws whatever happens: numbers rise by one, states add up, gaps heal, nobody waits without bound', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 120 }), fc.constantFrom(0, 0.1, 5, 60), (todo, cost_ms) => {
      const w = world(cost_ms);
      w.come();
      w.say(0, { op: 'subscribe', topic: 'fleet' });
      for (const step of todo) {
        step(w);
        const largest = Math.max(
          0,
          ...TOPICS.map((name) => w.topics.open(name)).map((t) => (t ? w.topics.snapshot(t).length : 0)),
        );
        for (const { client } of w.clients) {
          expect(client.buffered()).toBeLessThan(SLOW_BYTES + 4 * (largest + 500));
        }
      }
      for (const { client, session } of w.clients) {
        client.read();
        w.hub.drain(session);
      }
      w.settle();
      for (const { client, session } of w.clients) {
        for (const name of session.subscriptions.keys() as IterableIterator<Name>) {
          const topic = w.topics.open(name);
          const truth = JSON.parse(topic === null ? '' : w.topics.snapshot(topic)) as Message;
          const known = client.known.get(name);
          expect(known?.seq, name).toBe(truth.seq);
          expect(client.gaps.has(name)).toBe(false);
          expect(plain(known?.state), name).toEqual(plain(liveFold(name)({ type: 'snapshot', data: truth.data })));
        }
      }
    }),
    { numRuns: 150, seed: 11 },
  );
}, 60_000);

it('gives who fell behind what it missed, where that is shorter than the state anew', () => {
  const w = world(0);
  for (let gpu = 0; gpu < 40; gpu++) w.sample(gpu, 'n1');
  w.come();
  const [one] = w.clients as [(typeof w.clients)[number]];
  one.client.reads = false;
  w.say(0, { op: 'subscribe', topic: 'fleet' });
  expect(one.client.buffered()).toBeGreaterThan(20 * SLOW_BYTES);
  w.sample(0, 'n1');
  w.settle();
  one.client.read();
  w.settle();
  expect(w.hub.counters).toMatchObject({ snapshots: 1, gaps: 0 });
  expect(one.client.known.get('fleet')?.seq).toBe(w.topics.open('fleet')?.seq);
});
