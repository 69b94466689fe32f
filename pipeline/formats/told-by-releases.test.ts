import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Msg, headers as msgHeaders } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { type FleetFeed, fleetFeed } from '../../server/fleet-feed.ts';
import { FleetView } from '../../server/fleet-view.ts';
import { liveAlerts } from '../../server/live-alerts.ts';
import { topologyReports } from '../../server/topology-reports.ts';
import { frameReader } from '../../sinks/live/frame-format.ts';
import { type MemoryBus, memoryBus } from '../../sinks/live/memory-bus.fixture.ts';
import { readAlert } from '../alert-desk/read-alert.ts';
import { rawMessage } from '../bus/raw-message.ts';
import { systemClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { RawMessage } from '../contract/message.ts';
import { METRICS } from '../contract/metrics.ts';
import { hearParts } from '../doctor/hear-parts.ts';
import { Tables } from '../resume.fixture.ts';
import { liveOver, readingsOf } from './stored-formats.fixture.ts';

/**
 * What parts of earlier releases say to one another, recorded on the bus beside their running `up`: `said.json.gz` of a
 * folder, with what their own readers made of it. So an older collector, engine or `serve` stays understood while the others are replaced.
 */
const FORMATS = import.meta.dirname;
const RELEASES = ['first', 'v0.1'];

interface Said {
  readonly messages: readonly {
    readonly subject: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly data: string;
  }[];
  /** Of the scrapes, in their order. */
  readonly readings: readonly unknown[];
  /** Of all frames. */
  readonly rows: readonly unknown[];
}
interface Message {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

const saidBy = (release: string): Said =>
  JSON.parse(gunzipSync(readFileSync(join(FORMATS, release, 'said.json.gz'))).toString('utf8'));
const messagesOf = ({ messages }: Said, prefix: string): Message[] =>
  messages
    .filter(({ subject }) => subject.startsWith(prefix))
    .map((one) => ({ ...one, data: Buffer.from(one.data, 'base64') }));
const asJson = ({ data }: Message): Record<string, unknown> => JSON.parse(data.toString('utf8'));
const JSON_ROWS = ['vitals.anomalies.', 'vitals.gpu_', 'vitals.alerts.', 'alerts.'];

const NEXT = { delivered: 1, left: 0 };
const feeds: FleetFeed[] = [];
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.stop();
});

/** A read side of today on a bus of its own. */
function readSide() {
  const bus = memoryBus();
  const view = new FleetView({ clock: systemClock });
  const refused: string[] = [];
  const feed = fleetFeed({
    ...{ bus, database: null, view, clock: systemClock },
    onRefused: (reason, detail) => refused.push(`${reason}: ${detail}`),
  });
  feeds.push(feed);
  const told: unknown[] = [];
  const alerts = liveAlerts({ bus, database: null, alerts_max: 100, onAlert: (alert) => told.push(alert) });
  return { bus, view, feed, alerts, told, refused };
}
const say = (bus: MemoryBus, messages: readonly Message[]): void => {
  for (const message of messages) bus.publish(message);
};

describe.each(RELEASES)('what parts of %s say', (release) => {
  const said = saidBy(release);
  const scrapes = messagesOf(said, 'dcgm.raw.');

  it('a collector: its headers and bytes are what an engine reads, every value as it was', async () => {
    const stored = scrapes.map(({ subject, headers, data }, i): RawMessage => {
      const pairs = msgHeaders();
      for (const [name, value] of Object.entries(headers)) pairs.set(name, value);
      const message = { subject, data, headers: pairs } as unknown as Msg;
      return rawMessage(message, { ...NEXT, position: i + 1, arrived_at: Number(headers['Event-Time']) });
    });
    expect(stored.length).toBeGreaterThan(2);
    expect(stored.map(readingsOf)).toEqual(said.readings);
    const dir = mkdtempSync(join(tmpdir(), 'formats-'));
    const errors: VitalsError[] = [];
    const { tables } = await liveOver(stored, dir, errors, new Tables());
    rmSync(dir, { recursive: true });
    expect(errors).toEqual([]);
    const rows = [...tables.durable.keys()].filter((key) => key.startsWith('metrics')).length;
    expect(rows).toBe(said.readings.reduce<number>((sum, one) => sum + (one as { gpus: unknown[] }).gpus.length, 0));
  });

  it('an engine, in frames: every row as its own read side had it', () => {
    const reader = frameReader();
    const rows: unknown[] = [];
    for (const { data } of messagesOf(said, 'vitals.frames.')) {
      reader.read(data, (who, ts, values) => {
        const had = METRICS.flatMap(({ name }, m) => (Number.isNaN(values[m]) ? [] : [[name, values[m]] as const]));
        rows.push({ who, ts, values: Object.fromEntries(had) });
      });
    }
    expect(rows.length).toBeGreaterThan(3);
    expect(rows).toEqual(said.rows);
  });

  it('an engine, of GPUs, verdicts and alerts: all of it is taken, and a field that a newer one adds is passed over', () => {
    for (const more of [{}, { field_of_a_newer_release: 'x' }]) {
      const { bus, view, feed, alerts, told } = readSide();
      say(bus, messagesOf(said, 'vitals.frames.'));
      const rows = JSON_ROWS.flatMap((prefix) => messagesOf(said, prefix));
      say(
        bus,
        rows.map((one) => ({ ...one, data: Buffer.from(JSON.stringify({ ...asJson(one), ...more })) })),
      );
      expect(view.size).toBeGreaterThan(0);
      expect(feed.counters).toMatchObject({ frames_refused: 0, anomalies_refused: 0, verdicts_refused: 0 });
      expect(feed.counters.anomalies).toBe(messagesOf(said, 'vitals.anomalies.').length);
      expect(feed.counters.anomalies).toBeGreaterThan(0);
      expect(alerts.counters.refused).toBe(0);
      expect(told.length).toBe(messagesOf(said, 'alerts.').length + messagesOf(said, 'vitals.alerts.').length);
      for (const { data } of messagesOf(said, 'alerts.')) expect(readAlert(data)).toMatchObject({ state: 'open' });
      alerts.stop();
    }
  });

  it('all parts, of themselves: /metrics, the console and the doctor take it', async () => {
    const bus = memoryBus();
    const reports = topologyReports(bus, systemClock);
    const hearing = hearParts(bus, 5);
    say(bus, [...messagesOf(said, 'vitals.topology.'), ...messagesOf(said, 'vitals.metrics.')]);
    const { engines, collector, frames_refused } = await hearing;
    expect(engines.map(({ last }) => last.worker)).toEqual(['w0']);
    expect(collector).toMatchObject({ targets: expect.any(Number), scrapes: expect.any(Number) });
    expect(frames_refused).toEqual({ first: 0, last: 0 });
    expect(reports.last()?.told.steps.length).toBeGreaterThan(3);
    expect(reports.lagMax()).not.toBeNull();
    reports.stop();
  });
});

describe('what a newer engine says', () => {
  const said = saidBy('v0.1');
  const [frame] = messagesOf(said, 'vitals.frames.') as [Message];
  const changed = (change: (bytes: Buffer) => void): Message => {
    const data = Buffer.from(frame.data);
    change(data);
    return { ...frame, data };
  };

  it.each([
    ['in frames of another version', (bytes: Buffer) => bytes.writeUInt16LE(2, 4), 'version 2, this release reads 1'],
    [
      'in frames with a metric more',
      (bytes: Buffer) => bytes.writeUInt16LE(METRICS.length + 1, 6),
      `${METRICS.length + 1} metrics`,
    ],
  ] as const)('%s is counted, told with what to do, and left; what can be read goes on', (_, change, why) => {
    const { bus, view, feed, refused } = readSide();
    say(bus, [changed((bytes) => void change(bytes))]);
    expect(feed.counters).toMatchObject({ frames: 0, frames_refused: 1, rows: 0 });
    expect(refused).toEqual([expect.stringMatching(/^frame GV-WIR-002: a frame on vitals\.frames\.w0: GV-WIR-002 /)]);
    expect(refused[0]).toContain(why);
    expect(refused[0]).toContain('Upgrade API and live before engines.');
    say(bus, [frame, ...messagesOf(said, 'vitals.anomalies.')]);
    expect(feed.counters).toMatchObject({ frames: 1, frames_refused: 1 });
    expect(feed.counters.anomalies).toBeGreaterThan(0);
    expect(view.size).toBeGreaterThan(0);
  });

  it('with a decision that this release does not know is counted and left', () => {
    const { bus, feed } = readSide();
    const [row] = messagesOf(said, 'vitals.gpu_economic_decisions.') as [Message];
    say(bus, [{ ...row, data: Buffer.from(JSON.stringify({ ...asJson(row), decision: 'lend_it' })) }, row]);
    expect(feed.counters).toMatchObject({ verdicts: 1, verdicts_refused: 1 });
  });

  it('no release is forgotten here', () => {
    const kept = readdirSync(FORMATS, { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(kept.map(({ name }) => name).toSorted()).toEqual(RELEASES.toSorted());
  });
});
