import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { settableClock } from '../../clock.ts';
import { metricIndex } from '../../contract/metrics.ts';
import type { Scrape } from '../../contract/scrape.ts';
import { START, testReceiver, WAIT_MS } from './receiver.fixture.ts';
import { RemoteWriteJournal } from './remote-write-journal.ts';
import { requestV1, type SentSeries } from './request.fixture.ts';

/** A disk that is full takes so many bytes of a record, and no more. */
const disk = vi.hoisted(() => ({ room: Number.POSITIVE_INFINITY }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return {
    ...real,
    writeSync: (file: number, data: Uint8Array, offset: number, length: number, position: number) =>
      real.writeSync(file, data, offset, Math.min(length, disk.room), position),
  };
});

const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gpu-vitals-journal-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const files = (directory: string): string[] => readdirSync(directory).sort();
const reading = (directory: string) => {
  const read: string[] = [];
  const journal = new RemoteWriteJournal({ directory, clock: settableClock(START) });
  const requests = journal.read({
    request: (packed, version) => read.push(`${version}:${Buffer.from(packed).toString()}`),
    safe: (target, ts) => read.push(`${target}@${ts}`),
  });
  journal.close();
  return { read, requests };
};

it('gives back what was noted, in order, over several files', () => {
  const directory = folder();
  const clock = settableClock(START);
  const journal = new RemoteWriteJournal({ directory, clock, segment_bytes: 30 });
  journal.request(Buffer.from('one'), 1);
  journal.safe('t', 5);
  journal.request(Buffer.from('two'), 2);
  journal.request(new Uint8Array(0), 1);
  journal.close();
  expect(files(directory).length).toBeGreaterThan(1);
  expect(reading(directory)).toEqual({ read: ['1:one', 't@5', '2:two', '1:'], requests: 3 });
});

it('lets files go that are a minute old', () => {
  const directory = folder();
  const clock = settableClock(START);
  const journal = new RemoteWriteJournal({ directory, clock });
  for (let minute = 0; minute < 5; minute++) {
    journal.request(Buffer.from(String(minute)), 1);
    clock.advance(60_000);
  }
  journal.close();
  expect(reading(directory).read).toEqual(['1:3', '1:4']);
});

it('reads up to a record that was cut off or damaged', () => {
  const directory = folder();
  const journal = new RemoteWriteJournal({ directory, clock: settableClock(START) });
  for (const text of ['one', 'two']) journal.request(Buffer.from(text), 1);
  journal.close();
  const path = join(directory, files(directory)[0] as string);
  appendFileSync(path, Buffer.from([200, 0, 0, 0, 1, 0, 0, 0, 0, 65]));
  expect(reading(directory).read).toEqual(['1:one', '1:two']);
  truncateSync(path, statSync(path).size - 11);
  expect(reading(directory).read).toEqual(['1:one']);
});

it('refuses a request of which only a part could be noted, and goes on behind the last whole one', () => {
  const directory = folder();
  const journal = new RemoteWriteJournal({ directory, clock: settableClock(START) });
  const { receiver } = testReceiver({ onTaking: (packed, version) => journal.request(packed, version) });
  const request = requestV1([series('DCGM_FI_DEV_GPU_TEMP', START, 40)]);
  expect(receiver.take(request, 1).kind).toBe('taken');
  disk.room = 12;
  onTestFinished(() => {
    disk.room = Number.POSITIVE_INFINITY;
  });
  expect(receiver.take(request, 1)).toMatchObject({ kind: 'put_off', detail: expect.stringContaining('a part') });
  disk.room = Number.POSITIVE_INFINITY;
  journal.request(Buffer.from('later'), 1);
  journal.close();
  receiver.stop();
  expect(reading(directory).read).toEqual([`1:${Buffer.from(request).toString()}`, '1:later']);
});

const series = (name: string, ts: number, value: number): SentSeries => ({
  labels: { __name__: name, UUID: 'GPU-a', Hostname: 'node-7', instance: 'node-7:9400', job: 'dcgm' },
  samples: [[ts, value]],
});

/** A receiver over a journal, as in production; `end` is the kill of its process. */
function running(directory: string, safe = true) {
  const clock = settableClock(START);
  const journal = new RemoteWriteJournal({ directory, clock });
  const told: Scrape[] = [];
  const marks: (() => void)[] = [];
  const test = testReceiver({
    onTaking: (packed, version) => journal.request(packed, version),
    onSafe: (target, ts) => journal.safe(target, ts),
    publish: (scrape) => {
      told.push(scrape);
      return safe ? Promise.resolve('stored') : new Promise((resolve) => marks.push(() => resolve('stored')));
    },
  });
  journal.read({
    request: (packed, version) => test.receiver.takeAgain(packed, version),
    safe: (target, ts) => test.receiver.passOver(target, ts),
  });
  test.receiver.resume();
  const end = (): void => {
    test.receiver.stop();
    journal.close();
  };
  return { ...test, told, end };
}

it('completes after a restart the scrape that was half there, and tells nothing twice', async () => {
  const directory = folder();
  const first = running(directory);
  first.take(requestV1([series('DCGM_FI_DEV_GPU_TEMP', START, 40), series('DCGM_FI_DEV_POWER_USAGE', START, 300)]));
  first.pass(WAIT_MS);
  expect(first.told.length).toBe(1);
  await Promise.resolve();
  const half = requestV1([series('DCGM_FI_DEV_GPU_TEMP', START + 10_000, 41)]);
  first.take(half);
  expect(first.told.length).toBe(1);
  await new Promise(setImmediate);
  first.end();

  const second = running(directory);
  expect(second.told).toEqual([]);
  // Its answer was lost with the process: Prometheus sends the request again.
  second.take(half);
  second.take(requestV1([series('DCGM_FI_DEV_POWER_USAGE', START + 10_000, 301)]));
  expect(second.told.map(({ ts, gpus }) => [ts, gpus[0]?.values[TEMP], gpus[0]?.values[POWER]])).toEqual([
    [START + 10_000, 41, 301],
  ]);
  expect(second.receiver.counters.repeated_samples).toBe(1);
  second.end();
});

it('tells again after a restart what had not become safe', async () => {
  const directory = folder();
  const first = running(directory, false);
  first.take(requestV1([series('DCGM_FI_DEV_GPU_TEMP', START, 40)]));
  first.pass(WAIT_MS);
  await new Promise(setImmediate);
  expect(first.told.length).toBe(1);
  first.end();
  const second = running(directory);
  second.pass(WAIT_MS);
  expect(second.told.map(({ ts }) => ts)).toEqual([START]);
  second.end();
});
