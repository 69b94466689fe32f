import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import { type NatsCluster, startNatsCluster } from '../cluster/nats-cluster.fixture.ts';
import { ALERT_FENCES, EPOCH_HEADER } from '../contract/alert-epochs.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import { hours } from '../contract/time.ts';
import { alertMessage, unitAlertSink } from './alert-sink.ts';
import { connectBus } from './connect-bus.ts';
import { ALERTS_STREAM, ensureStreams } from './ensure-streams.ts';
import { storedMessages } from './stored-messages.ts';
import { managerOf } from './stream-manager.ts';
import { UnitFence } from './unit-fence.ts';

const alert = (id: string, state: Alert['state'] = 'open'): Alert => ({
  ts: 1_700_000_000_000,
  gpu_uuid: `GPU-${id}`,
  node: 'n1',
  instance: '',
  id,
  rule: 'hot',
  severity: 'warning',
  state,
  summary: 'It is hot.',
  action_text: '',
  action: 'none',
  category: 'thermal',
  source: 'anomalies',
  source_id: id,
  model: '',
  cluster: '',
  rack: '',
  owner: '',
  tenant: '',
  job: '',
  opened_at: 1_700_000_000_000,
  closed_at: state === 'closed' ? 1_700_000_060_000 : null,
});

describe.each(['one server', 'three servers'])('on %s', (where) => {
  let services: TestServices | null = null;
  let nats: NatsCluster | null = null;
  let bus: Bus;
  let url = '';

  beforeAll(async () => {
    if (where === 'one server') services = await startTestServices({ nats: true });
    else nats = await startNatsCluster();
    url = services?.nats_url ?? nats?.nats_url ?? '';
    if (url === '') return;
    const stream_replicas = services === null ? 3 : 1;
    bus = await connectBus({ servers: url, name: 'test', clock: systemClock, stream_replicas });
    await until('the streams are there', () =>
      ensureStreams(bus).then(
        () => true,
        () => false,
      ),
    );
  });
  afterAll(async () => {
    await bus?.close();
    await services?.stop();
    await nats?.stop();
  });
  beforeEach(async ({ skip }) => {
    if (url === '') skip('no nats-server on this machine');
    await (await managerOf(bus)).streams.purge(ALERTS_STREAM);
  });

  /** Who told what, in the order of the stream. */
  async function stored(): Promise<string[]> {
    const lines: string[] = [];
    for await (const { data, headers } of storedMessages(bus, ALERTS_STREAM, { subject: 'alerts.>', from: 1 })) {
      const { id, state } = JSON.parse(Buffer.from(data).toString()) as Alert;
      lines.push(`${headers[EPOCH_HEADER]}: ${id} ${state}`);
    }
    return lines;
  }
  const sinkOf = (fence: UnitFence, refused: string[] = []) =>
    unitAlertSink(bus, fence, {
      clock: systemClock,
      told_again_max: hours(1),
      onRefused: ({ id }) => refused.push(id),
    });

  it('stores what many units tell at once, each thing once and in its order', async () => {
    const fence = new UnitFence(bus);
    const sink = sinkOf(fence);
    const units = ['group-01', 'group-02', 'fleet'];
    for (const unit of units) expect(await fence.raise(unit, 1)).toBe(true);
    for (const unit of units) {
      const one = sink.ofUnit(unit);
      for (let n = 0; n < 20; n++) {
        one.write(alert(`${unit}-${n}`));
        one.write(alert(`${unit}-${n}`, 'closed'));
      }
    }
    await sink.ofUnit('').flush();
    const lines = await stored();
    for (const unit of units) {
      const wanted = Array.from({ length: 20 }, (_, n) => [`${unit}-${n} open`, `${unit}-${n} closed`]).flat();
      expect(lines.filter((line) => line.startsWith(unit))).toEqual(wanted.map((what) => `${unit} 1: ${what}`));
    }
    await sink.close();
    await fence.close();
  });

  it('stores nothing of whoever has lost a unit, and everything of the others that he has', async () => {
    const [before, after] = [new UnitFence(bus), new UnitFence(bus)];
    const [old, young] = [sinkOf(before), sinkOf(after)];
    await before.raise('group-01', 1);
    await before.raise('group-02', 1);
    old.ofUnit('group-01').write(alert('x'));
    await old.ofUnit('').flush();
    expect(await after.raise('group-01', 2)).toBe(true);
    // As one that was paused: it believes that all is still its.
    old.ofUnit('group-01').write(alert('late'));
    old.ofUnit('group-02').write(alert('mine'));
    young.ofUnit('group-01').write(alert('y'));
    await Promise.all([old.ofUnit('').flush(), young.ofUnit('').flush()]);
    expect((await stored()).sort()).toEqual(['group-01 1: x open', 'group-01 2: y open', 'group-02 1: mine open']);
    expect(await before.raise('group-01', 1)).toBe(false);
    for (const one of [old, young, before, after]) await one.close();
  });

  it('refuses bytes that were on their way for long, whatever their sender has learned since', async () => {
    const before = new UnitFence(bus);
    await before.raise('group-01', 1);
    const sent: OutgoingMessage[] = [];
    const slow = {
      publish: async (message: OutgoingMessage) => {
        sent.push(message);
        return { position: 1, duplicate: false };
      },
    };
    await before.store(slow, 'group-01', alertMessage(alert('slow')));
    const after = new UnitFence(bus);
    await after.raise('group-01', 2);
    const publisher = bus.publisher();
    await expect(publisher.publish(sent[0] as OutgoingMessage)).rejects.toThrow(/wrong last sequence/);
    expect(await stored()).toEqual([]);
    for (const one of [publisher, before, after]) await one.close();
  });

  it('goes on when the stream has let go of its word', async () => {
    const fence = new UnitFence(bus);
    const refused: string[] = [];
    const sink = sinkOf(fence, refused);
    await fence.raise('group-01', 1);
    await (await managerOf(bus)).streams.purge(ALERTS_STREAM, { filter: `${ALERT_FENCES}*` });
    sink.ofUnit('group-01').write(alert('again'));
    await sink.ofUnit('').flush();
    expect([await stored(), refused]).toEqual([['group-01 1: again open'], []]);
    await sink.close();
    await fence.close();
  });
});
