import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import type { KeyValue } from '../bus/key-value.ts';
import { ensurePickedStream } from '../bus/picked-log.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import { letGoBefore } from '../bus/stream-copy.ts';
import { systemClock } from '../clock.ts';
import { FLEET_UNIT } from '../cluster/assign-units.ts';
import { memberKey, openClusterKeys, unitKey } from '../cluster/cluster-keys.ts';
import { decodePart, encodePart } from '../cluster/picked-parts.ts';
import { readUnit, type UnitRecord, writeMember, writeUnit } from '../cluster/unit-record.ts';
import type { Bus } from '../contract/bus.ts';
import { hours } from '../contract/time.ts';
import { copyStates } from './cluster-states.ts';
import { renameCluster } from './rename-cluster.ts';

let services: TestServices;
let bus: Bus;
let keys: KeyValue;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  await ensureStreams(bus);
  await ensurePickedStream(bus, hours(24));
  keys = await openClusterKeys(bus);
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

const MESSAGES = 40;
const entry = (position: number) => ({ position, step: 's', input: 'i', kept: { ts: position, node: 'n' } });
const part = (group: number, from: number, to: number, stream: string) => ({
  ...{ group, epoch: 3, stream, from, to, times: [[to, to] as const], entries: [entry(to)] },
});
const record = (position: number, read_from: number): UnitRecord => ({
  ...{ holder: 'a', incarnation: 'of then', epoch: 3, stream: 'then' },
  snapshots: [{ name: 'one', position, read_from, saved_at: 1 }],
});
const unit = async (n: number): Promise<UnitRecord> =>
  readUnit((await keys.get(unitKey(n)))?.value ?? new Uint8Array(0));

it('makes states, and what groups have told, those of the restored stream', async () => {
  const publisher = bus.publisher();
  for (let i = 0; i < MESSAGES; i++) {
    await publisher.publish({ subject: 'dcgm.raw.05.n', data: Buffer.from('{}') });
  }
  const parts = [
    part(5, 0, 4, 'then'),
    part(6, 0, 8, 'then'),
    part(5, 4, 9, 'before then'),
    part(5, 4, 30, 'then'),
    // Of messages that had come after their stream was copied.
    part(6, 8, MESSAGES + 1, 'then'),
    part(5, 30, MESSAGES, 'then'),
  ];
  for (const one of parts) {
    const [data = new Uint8Array(0)] = encodePart(one, Number.POSITIVE_INFINITY);
    await publisher.publish({ subject: `vitals.picked.${String(one.group).padStart(2, '0')}`, data });
  }
  await publisher.close();
  // A stream that has let go of its first message, as one of some days.
  await letGoBefore(bus, 'PICKED', 2);
  expect(await keys.replace(unitKey(5), writeUnit(record(30, 0)), 0)).toBe(true);
  expect(await keys.replace(unitKey(FLEET_UNIT), writeUnit(record(8, 4)), 0)).toBe(true);
  const word = { worker: 'a', incarnation: 'of then', beat: 7, state: 'here', started_at: 1 } as const;
  expect(await keys.replace(memberKey('a'), writeMember(word), 0)).toBe(true);

  await renameCluster(bus, new Map([['then', 'now']]));

  const told: unknown[] = [];
  const places: number[] = [];
  for await (const { data, position } of storedMessages(bus, 'PICKED', { subject: '>', from: 1 })) {
    told.push(decodePart(data));
    places.push(position);
  }
  const again = (one: ReturnType<typeof part>) => ({ ...one, stream: 'now', piece: 0, pieces: 1 });
  expect(told).toEqual([parts[1], parts[3], parts[5]].map((one) => again(one as ReturnType<typeof part>)));
  expect(places).toEqual([7, 8, 9]);
  const free = { holder: '', incarnation: '', stream: 'now' };
  expect(await unit(5)).toMatchObject({ ...free, snapshots: [{ name: 'one', position: 30, read_from: 0 }] });
  // Position 4 is that of the group's word up to 30.
  expect(await unit(FLEET_UNIT)).toMatchObject({ ...free, snapshots: [{ position: 8, read_from: 8 }] });
  expect((await unit(5)).epoch).toBeGreaterThan(100);
  expect(await keys.get(memberKey('a')).then((found) => found?.value.length ?? 0)).toBe(0);
});

it('states are copied again while one has nothing left of what it had', async () => {
  const states = async (...names: readonly string[]): Promise<void> => {
    const found = await keys.get(unitKey(9));
    const snapshots = names.map((name) => ({ name, position: 1, read_from: 0, saved_at: 1 }));
    await keys.replace(unitKey(9), writeUnit({ ...record(1, 0), snapshots }), found?.revision ?? 0);
  };
  await states('b', 'a');
  let copies = 0;
  const lost = await copyStates(bus, async () => {
    copies++;
    await (copies === 1 ? states('d', 'c') : states('e', 'd'));
  });
  expect({ lost, copies }).toEqual({ lost: [], copies: 2 });
  const never = copyStates(bus, () => states(`newer ${copies++}`, `new ${copies}`));
  expect(await never).toEqual([unitKey(9)]);
});
