import { afterEach, expect, it } from 'vitest';
import { secret, testParts } from '../../sinks/alerts/channel-parts.fixture.ts';
import { deliverNotifications } from '../../sinks/alerts/deliver-notifications.ts';
import { closeOtherSides, otherSide } from '../../sinks/alerts/other-side.fixture.ts';
import { pagerdutyChannel } from '../../sinks/alerts/pagerduty-channel.ts';
import { webhookChannel } from '../../sinks/alerts/webhook-channel.ts';
import type { KeyValue } from '../bus/key-value.ts';
import { settableClock, systemClock } from '../clock.ts';
import { milliseconds } from '../contract/time.ts';
import { alertOf, closedOf, MINUTE, NOON, routeOf, SECOND } from './desk.fixture.ts';
import { alertDesk } from './desk.ts';
import { deskKeeper } from './desk-keeper.ts';
import { emptyDesk } from './desk-state.ts';
import { deskStore } from './desk-store.ts';
import { handlingOf } from './handling.ts';
import { heldGroups } from './held-groups.ts';
import { DEFAULT_INHIBITIONS } from './inhibitions.ts';

afterEach(closeOtherSides);

/** A bucket; `broken` refuses to write, as one does whose process is being killed. */
function memoryBucket(): { kv: KeyValue; broken: boolean } {
  const values = new Map<string, { key: string; value: Uint8Array; revision: number }>();
  let revision = 0;
  const exchange = async (key: string, value: Uint8Array, after: number): Promise<number | null> => {
    if (bucket.broken) throw new Error('killed');
    if ((values.get(key)?.revision ?? 0) !== after) return null;
    values.set(key, { key, value, revision: ++revision });
    return revision;
  };
  const bucket = {
    broken: false,
    kv: {
      get: async (key: string) => values.get(key) ?? null,
      matching: async (pattern: string) =>
        [...values.values()].filter(({ key }) => key.startsWith(pattern.slice(0, -1))),
      exchange,
      replace: async (key: string, value: Uint8Array, after: number) => (await exchange(key, value, after)) !== null,
      remove: async (key: string) => void values.delete(key),
      async *follow() {},
    },
  };
  return bucket;
}

/** For a machine that has much to do. */
const PATIENCE = { timeout: 15_000 };
type Bucket = ReturnType<typeof memoryBucket>;
type Side = Awaited<ReturnType<typeof otherSide>>;

/** A process that has the desk: what it stored is all that the next one knows. */
async function process({ kv }: Bucket, pager: Side, hook: Side, clock: ReturnType<typeof settableClock>, name: string) {
  const parts = { ...testParts(), clock: systemClock, timeout: milliseconds(2_000) };
  const outbox = deliverNotifications({
    channels: [
      pagerdutyChannel({ ...parts, name: 'pager', url: pager.url, routing_key: secret('k') }),
      webhookChannel({ ...parts, name: 'hook', address: secret(hook.url), secret: null, bearer_token: null }),
    ],
    ...{ clock: systemClock, random: () => 0, simulated: false, backoff_min: milliseconds(10) },
    onDeadLetter: ({ detail }) => expect.fail(detail),
    onEvent: () => undefined,
  });
  const store = deskStore(kv, name);
  const stored = await store.load();
  const state = stored.state ?? emptyDesk();
  const handling: Parameters<typeof heldGroups>[1]['handling'] = (alert) => handlingOf(alert, undefined);
  const world = { handling, console: '', simulated: false };
  const desk = alertDesk(
    {
      ...{ ...world, route: routeOf({ group_wait: '0s', group_interval: '0s' }), inhibitions: DEFAULT_INHIBITIONS },
      ...{ channels: ['pager', 'hook'], silences: () => [], maintained: () => false },
    },
    state,
  );
  outbox.resume(heldGroups(state, world, clock.now()));
  const keeper = deskKeeper({
    store,
    outbox,
    clock: systemClock,
    state,
    revision: stored.revision,
    onSent: () => undefined,
  });
  return {
    state,
    async turn(...alerts: Parameters<typeof desk.take>[0][]) {
      for (const alert of alerts) desk.take(alert, clock.now());
      if (desk.tick(clock.now()).length > 0) keeper.changed();
      return keeper.save({ at_once: true });
    },
    idle: () => expect.poll(() => outbox.waiting, PATIENCE).toBe(0),
    end: () => outbox.close(),
  };
}

const events = (pager: Side): string[] =>
  pager.bodies<{ event_action: string; dedup_key: string }>().map((one) => `${one.event_action} ${one.dedup_key}`);
const keys = (hook: Side): unknown[] => hook.asked.map(({ headers }) => headers['idempotency-key']);

it('a process that is killed anywhere is followed by one that tells the rest, and the same under the same keys', async () => {
  const bucket = memoryBucket();
  const clock = settableClock(NOON);
  const [pager, hook] = [await otherSide({ status: 202, body: '{}' }), await otherSide()];
  const alerts = Array.from({ length: 25 }, (_, i) => alertOf({ id: `A${i}`, gpu_uuid: `GPU-${i}` }));

  // Told, and killed before it could note that.
  const one = await process(bucket, pager, hook, clock, 'one');
  await one.turn(...alerts);
  await one.idle();
  bucket.broken = true;
  await expect(one.turn()).rejects.toThrow('killed');
  await one.end();
  const [triggered, seen] = [new Set(events(pager)), new Set(keys(hook))];
  expect(triggered.size).toBe(21);
  expect(seen.size).toBe(1);

  // The next one tells it once more, with the same keys, and notes it.
  bucket.broken = false;
  const two = await process(bucket, pager, hook, clock, 'two');
  await two.turn();
  await two.idle();
  expect([new Set(events(pager)), new Set(keys(hook))]).toEqual([triggered, seen]);
  expect([events(pager).length, keys(hook).length]).toEqual([42, 2]);
  await two.turn();
  expect(two.state.outgoing).toEqual([]);

  // Decided and stored, and killed before anything was sent: none of the endings is lost, listed or not.
  clock.set(NOON + MINUTE);
  pager.answers({ status: 503 });
  hook.answers({ status: 503 });
  await two.turn(...alerts.map((alert) => closedOf(alert)));
  await two.end();
  const [before, posts] = [events(pager).length, keys(hook).length];
  pager.answers({ status: 202, body: '{}' });
  hook.answers({ status: 200 });
  clock.set(NOON + MINUTE + SECOND);
  const three = await process(bucket, pager, hook, clock, 'three');
  await three.turn();
  await three.idle();
  const resolved = new Set(events(pager).slice(before));
  for (const event of triggered) expect(resolved).toContain(event.replace('trigger', 'resolve'));
  expect(keys(hook).slice(posts)).toHaveLength(1);
  await three.turn();
  await three.end();

  // Nothing is left to tell.
  const four = await process(bucket, pager, hook, clock, 'four');
  const [all, every] = [events(pager).length, keys(hook).length];
  await four.turn();
  await four.idle();
  expect([events(pager).length, keys(hook).length]).toEqual([all, every]);
  await four.end();
});
