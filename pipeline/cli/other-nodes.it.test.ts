import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { nodeVersion } from '../../deploy/node-version.fixture.ts';
import type { LiveMessage } from '../../server/schemas-fleet.ts';
import { endCliRuns, readyLine, runCli, startCli, until } from './cli.fixture.ts';

/** Versions of Node that `engines` allows besides the one that runs these tests. */
const VERSIONS = ['20.20.2', '22.23.3', '24.21.0'].filter(
  (version) => version.split('.')[0] !== process.versions.node.split('.')[0],
);
const START_MS = Date.UTC(2026, 0, 1);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-nodes-'));
});
afterEach(async () => {
  await endCliRuns();
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** Two hours of two boards, one of which gets hot and loses memory. */
function capture(): string {
  const rows: string[] = [];
  for (let i = 0; i < 720; i++) {
    for (const gpu of [0, 1]) {
      const sick = gpu === 1 && i > 200;
      const row = {
        ts: START_MS + i * 10_000,
        gpu_uuid: `GPU-${gpu}`,
        node: 'n1',
        model: 'NVIDIA H100 80GB HBM3',
        gpu_temp_celsius: sick ? 93 + Math.sin(i) : 55 + Math.sin(i),
        power_watts: 480 + 7 * Math.cos(i / 3),
        gpu_util_ratio: 0.9,
        ecc_sbe_volatile_total: sick ? i * 1_000 : 0,
      };
      rows.push(JSON.stringify(row));
    }
  }
  return `${rows.join('\n')}\n`;
}

/** Another engine may end a logarithm in another last digit, and what is searched for by halves ends nearby. */
const rounded = (lines: string): string =>
  lines
    .split('\n')
    .filter(Boolean)
    .map((line) =>
      JSON.stringify(JSON.parse(line, (_, value) => (isFraction(value) ? Number(value.toPrecision(6)) : value))),
    )
    .join('\n');
const isFraction = (value: unknown): value is number => typeof value === 'number' && !Number.isInteger(value);

async function replayed(path: string, out: string, node?: string): Promise<Record<string, string>> {
  const ended = await runCli(['replay', path, '--out', out, '--models', 'shipped'], node === undefined ? {} : { node });
  expect(ended).toMatchObject({ code: 0 });
  const names = (await readdir(out)).filter((name) => name.endsWith('.jsonl'));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, rounded(await readFile(join(out, name), 'utf8'))] as const)),
  );
}

describe.each(VERSIONS)('Node %s', (version) => {
  it('replays to the same rows, and runs the whole system', async (context) => {
    const found = await nodeVersion(version);
    if ('why' in found) {
      context.skip(found.why);
      return;
    }
    const { node } = found;
    const path = join(folder, 'capture.jsonl');
    await writeFile(path, capture());
    const [here, there] = [await replayed(path, join(folder, 'a')), await replayed(path, join(folder, 'b'), node)];
    expect(Object.keys(here)).toContain('anomalies.jsonl');
    expect(here['anomalies.jsonl']).not.toBe('');
    expect(there).toEqual(here);

    const fleet = '--gpus 8 --stories none --interval 1s --api 127.0.0.1:0 --live 127.0.0.1:0'.split(' ');
    const up = startCli(['up', ...fleet, '--history', '0s', '--data', join(folder, 'data')], { node });
    const ready = await readyLine(up);
    await until('all GPUs are there', async () => {
      const answer = await fetch(`${ready.api}/api/v1/gpus`);
      return answer.ok && ((await answer.json()) as { total: number }).total === 8;
    });
    const socket = new WebSocket(ready.live as string, 'gpu-vitals.v1');
    const told: LiveMessage['type'][] = [];
    socket.on('message', (text) => told.push((JSON.parse(String(text)) as LiveMessage).type));
    await once(socket, 'open');
    socket.send(JSON.stringify({ op: 'subscribe', topic: 'fleet' }));
    await until('the fleet is told, and what changes', () => told.includes('snapshot') && told.includes('delta'));
    socket.close();
    up.kill('SIGTERM');
    expect(await up.exited).toMatchObject({ code: 0 });
  }, 600_000);
});
