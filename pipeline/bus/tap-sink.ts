import { createInbox } from '@nats-io/transport-node';
import type { Clock } from '../clock.ts';
import type { Batch } from '../contract/batch.ts';
import type { Bus } from '../contract/bus.ts';
import { GROUPS, groupToken, subjectToken } from '../contract/ids.ts';
import type { Sink } from '../contract/ports.ts';
import { forNodeRuns, nodeJson } from './node-runs.ts';

interface TapOptions {
  /** `dcgm.validated` or `dcgm.enriched`: messages go to `<prefix>.<group>.<node>`. */
  readonly prefix: string;
  readonly clock: Clock;
  /** Rows [from, to) of one node at one instant as the message's JSON. */
  readonly encode?: (batch: Batch, from: number, to: number) => string;
}

interface GroupInterest {
  wanted: boolean;
  probed_at: number;
  /** Not before that while nobody was heard. */
  due_at: number;
  /** Node of the probe that was last heard by someone, else of the last probe sent. */
  node: string;
  /** Nodes already probed in this round of looking. */
  readonly tried: Set<string>;
}

const PROBE_EVERY_MS = 1_000;
/** So many groups are asked for each second; all of them once somebody was heard in one. */
const GROUPS_A_SECOND = 8;
const HURRY_MS = 2 * PROBE_EVERY_MS;
const SAME_NODE_MS = 30_000;
const STALLED_MS = 2_000;

const newInterest = (due_at: number): GroupInterest => ({
  wanted: false,
  probed_at: Number.NEGATIVE_INFINITY,
  due_at,
  node: '',
  tried: new Set(),
});

/**
 * Publishes every node's rows as JSON while someone subscribes, and next to nothing while nobody does.
 *
 * NATS does not tell who listens, but answers a message with a reply subject that nobody hears with a 503. So per group at
 * most one real message a second goes out with a reply subject, of another node each time. Until a ping behind it comes
 * back without a 503 before it, nothing else is sent; from then on all of the group's messages are, with a new probe every
 * second on the node that was heard. Of more than eight groups eight are asked for each second, and all as soon as one was heard: a
 * listener to all nodes gets everything within two seconds, one to a group within eight, one to a single node after as many turns of its
 * group as that has nodes. Cost while idle: a comparison per batch, and at most eight messages a second.
 *
 * Fire and forget: nothing is kept for a listener that is away, and a connection that does not drain is skipped.
 */
export function tapSink(bus: Bus, options: TapOptions): Sink<Batch> {
  const { prefix, clock } = options;
  const encode = options.encode ?? nodeJson;
  const inbox = createInbox();
  const interests: (GroupInterest | undefined)[] = new Array(GROUPS);
  /** Groups whose probe has had neither a 503 nor the ping behind it. */
  const asked = new Set<number>();
  let pingSince: number | null = null;
  let groups_seen = 0;
  let hurry_until = Number.NEGATIVE_INFINITY;

  const answers = bus.subscribe(`${inbox}.*`, (message) => {
    if (message.headers.Status !== '503') return;
    const group = Number(message.subject.slice(inbox.length + 1));
    asked.delete(group);
    const interest = interests[group];
    if (interest) interest.wanted = false;
  });

  function ping(): void {
    if (pingSince !== null) return;
    pingSince = clock.monotonic();
    const groups = [...asked];
    bus.flush().then(
      () => {
        pingSince = null;
        for (const group of groups) {
          const interest = interests[group];
          if (asked.delete(group) && interest) {
            if (!interest.wanted) hurry_until = clock.monotonic() + HURRY_MS;
            interest.wanted = true;
            interest.tried.clear();
          }
        }
        if (asked.size > 0) ping();
      },
      () => {
        pingSince = null;
        for (const group of groups) asked.delete(group);
      },
    );
  }

  const subject = (group: number, node: string): string => `${prefix}.${groupToken(group)}.${subjectToken(node)}`;
  const message = (batch: Batch, from: number, to: number): Uint8Array => Buffer.from(encode(batch, from, to), 'utf8');

  return {
    write(batch) {
      if (!bus.connected) return;
      const now = clock.monotonic();
      if (pingSince !== null && now - pingSince > STALLED_MS) return;
      let interest = interests[batch.group];
      if (interest === undefined) {
        interest = newInterest(now + Math.floor(groups_seen++ / GROUPS_A_SECOND) * PROBE_EVERY_MS);
        interests[batch.group] = interest;
      }
      const turn = interest.wanted || now < hurry_until || now >= interest.due_at;
      let due = turn && now - interest.probed_at >= PROBE_EVERY_MS && !asked.has(batch.group);
      if (!due && !interest.wanted) return;
      const known = batch.registry.nodes.length;
      forNodeRuns(batch, (from, to) => {
        const node = batch.registry.nodes[batch.node[from] as number] ?? '';
        // A listener that was heard is asked for on the same node, unless that node went silent; else a node that had no turn yet.
        const same = interest.wanted && now - interest.probed_at < SAME_NODE_MS;
        const suits = same ? node === interest.node : !interest.tried.has(node);
        if (due && suits) {
          due = false;
          interest.probed_at = now;
          interest.due_at = now + Math.max(1, groups_seen / GROUPS_A_SECOND) * PROBE_EVERY_MS;
          interest.node = node;
          interest.tried.add(node);
          asked.add(batch.group);
          bus.publish({
            subject: subject(batch.group, node),
            data: message(batch, from, to),
            reply: `${inbox}.${batch.group}`,
          });
          ping();
        } else if (interest.wanted) {
          bus.publish({ subject: subject(batch.group, node), data: message(batch, from, to) });
        }
      });
      if (interest.tried.size >= known) interest.tried.clear();
    },
    async flush() {
      if (bus.connected) await bus.flush().catch(() => {});
    },
    pressure: () => null,
    async close() {
      answers.unsubscribe();
    },
  };
}
