import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type SettableClock, settableClock } from '../../pipeline/clock.ts';
import { ExpositionParser } from '../../pipeline/collect/exposition-parser.ts';
import { configSchema } from '../../pipeline/config-schema.ts';
import type { ScrapedGpu } from '../../pipeline/contract/scrape.ts';
import { createFleet, type Fleet, type StorySpecs } from './fleet.ts';
import { createLayout } from './layout.ts';
import { readSlowly } from './page.fixture.ts';
import { type ServedFleet, type ServeFleetOptions, serveFleet } from './serve-fleet.ts';

const START = Date.UTC(2026, 2, 2);
let served: ServedFleet | null = null;
afterEach(async () => {
  await served?.close();
  served = null;
});

const serve = async (more: Partial<ServeFleetOptions> = {}, stories: StorySpecs = 'none', gpus = 64) => {
  const clock: SettableClock = settableClock(START);
  const fleet: Fleet = createFleet({ gpus, seed: 9, start_ms: START, interval_ms: 10_000, stories });
  served = await serveFleet(fleet, { port: 0, clock, speed: 1, interval_ms: 10_000, host: '127.0.0.1', ...more });
  const { url } = served;
  const page = (node: string, init: RequestInit = {}): Promise<Response> => fetch(`${url}/node/${node}/metrics`, init);
  return { clock, fleet, url, page, first: fleet.node_names[0] as string };
};

/** A request as a Go client makes it: what comes is not unpacked. */
const raw = (url: string): Promise<{ encoding: string | undefined; type: string | undefined; body: Buffer }> =>
  new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          encoding: response.headers['content-encoding'],
          type: response.headers['content-type'],
          body: Buffer.concat(chunks),
        }),
      );
    })
      .on('error', reject)
      .end();
  });

describe('a served fleet', () => {
  it('lists its targets as http_sd and serves each of them', async () => {
    const { url, fleet } = await serve();
    const list = (await (await fetch(`${url}/sd`)).json()) as { targets: string[]; labels: Record<string, string> }[];
    expect(list.map((one) => one.labels.node)).toEqual(fleet.node_names);
    for (const { targets, labels } of list) {
      const response = await fetch(`http://${targets[0]}${labels.__metrics_path__}`);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      expect(readSlowly(await response.text()).length).toBeGreaterThan(100);
    }
  });

  it('compresses when asked', async () => {
    const { url, first, fleet } = await serve();
    const { encoding, body, type } = await raw(`${url}/node/${first}/metrics`);
    expect(encoding).toBe('gzip');
    expect(type).toMatch(/^text\/plain/);
    expect(gunzipSync(body).toString()).toBe(fleet.exposition(first, START, { timestamps: false }));
  });

  it('serves all nodes in one page, which a collector reads as their scrapes', async () => {
    const { url, fleet } = await serve({}, 'none', 512);
    expect(new Set(createLayout(512, 9).nodes.map(({ dialect }) => dialect.host_label))).toContain('');
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    const scrapes = new ExpositionParser().parse(Buffer.from(text), { fallback_node: '127.0.0.1:9400', ts: START });
    expect(scrapes.map(({ node }) => node).toSorted()).toEqual(fleet.node_names.toSorted());
    const twin = createFleet({ gpus: 512, seed: 9, start_ms: START, interval_ms: 10_000, stories: 'none' });
    const byUuid = (gpus: readonly ScrapedGpu[] = []): ScrapedGpu[] =>
      gpus.toSorted((a, b) => (a.uuid + a.instance < b.uuid + b.instance ? -1 : 1));
    for (const { node, gpus } of scrapes) expect(byUuid(gpus)).toEqual(byUuid(twin.scrape(node, START)?.gpus));
  });

  it('says what a metric is once, with all of its lines behind it', async () => {
    const { url } = await serve({}, 'none', 256);
    const lines = (await (await fetch(`${url}/metrics`)).text()).trim().split('\n');
    const abouts = lines.filter((line) => line.startsWith('#')).map((line) => line.split(' ', 3).join(' '));
    expect(new Set(abouts).size).toBe(abouts.length);
    const names = lines.map((line) => /^(?:# \w+ )?(\w+)/.exec(line)?.[1]);
    const pieces = names.filter((name, i) => name !== names[i - 1]);
    expect(new Set(pieces).size).toBe(pieces.length);
  });

  it('leaves a silent node out of the page of all', async () => {
    const { url, clock, fleet } = await serve({}, [
      { story: 'reboot', gpu: 0, at_ms: START + 1_000, duration_ms: 60_000 },
      { story: 'driver_hang', gpu: 8, at_ms: START + 1_000, duration_ms: 60_000 },
    ]);
    clock.advance(5_000);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(fleet.node_names.map((node) => text.includes(`ostname="${node}"`))).toEqual(
      fleet.node_names.map((_, i) => i > 1),
    );
  });

  it('has no larger page of all than a collector takes by default, and points a larger fleet to its list', async () => {
    const largest = await serve({ speed: 60 }, 'none', 800);
    const bytes = (await (await fetch(`${largest.url}/metrics`)).arrayBuffer()).byteLength;
    expect(bytes).toBeLessThan(configSchema.parse({})['scrape-size-max'] * 1_048_576);
    await served?.close();
    const { url } = await serve({}, 'none', 801);
    const response = await fetch(`${url}/metrics`);
    expect([response.status, response.headers.get('content-type')]).toEqual([413, 'text/plain; charset=utf-8']);
    expect(await response.text()).toContain(`${url}/sd`);
  });

  it.each([
    [{ speed: 1 }, 10_000, undefined],
    [{ speed: 60 }, 10_000, START + 600_000],
    [{ speed: 1, from_ms: START + 86_400_000 }, 5_000, START + 86_405_000],
  ])('stamps its lines only when its clock is not the wall clock: %o', async (more, elapsed_ms, stamp) => {
    const { clock, page, first } = await serve(more);
    clock.advance(elapsed_ms);
    const samples = readSlowly(await (await page(first)).text());
    expect(new Set(samples.map((sample) => sample.stamp))).toEqual(
      new Set([stamp === undefined ? undefined : String(stamp)]),
    );
    expect(served?.now()).toBe(stamp ?? START + elapsed_ms);
  });

  it('cuts the connection of a rebooting node and lets a hung one wait', async () => {
    const { clock, page, fleet } = await serve({}, [
      { story: 'reboot', gpu: 0, at_ms: START + 1_000, duration_ms: 60_000 },
      { story: 'driver_hang', gpu: 8, at_ms: START + 1_000, duration_ms: 60_000 },
    ]);
    const [rebooting, hung, sound] = fleet.node_names as [string, string, string];
    clock.advance(5_000);
    await expect(page(rebooting)).rejects.toThrow();
    const gave_up = new AbortController();
    const waiting = page(hung, { signal: gave_up.signal });
    expect((await page(sound)).status).toBe(200);
    gave_up.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    clock.advance(120_000);
    expect((await page(rebooting)).status).toBe(200);
    expect((await page(hung)).status).toBe(200);
  });

  it('takes injections and lists what can be injected', async () => {
    const { url, fleet, clock } = await serve();
    const stories = (await (await fetch(`${url}/stories`)).json()) as { name: string; description: string }[];
    expect(stories.map((story) => story.name)).toContain('fallen_off_bus');
    clock.advance(7_000);
    const order = (body: string) => fetch(`${url}/inject`, { method: 'POST', body });
    const uuid = fleet.gpuUuids()[0];
    const answer = await order(JSON.stringify({ story: 'util_garbage', gpu_uuid: uuid }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ story: 'util_garbage', gpu_uuid: uuid, since_ms: START + 7_000 });
    expect(fleet.truth()).toHaveLength(1);
  });

  it.each([
    ['not JSON', '{', 400, 'GV-API-001'],
    ['no story', '{"gpu_uuid":"x"}', 400, 'GV-API-001'],
    ['null', 'null', 400, 'GV-API-001'],
    ['an unknown story', '{"story":"x","gpu_uuid":"x"}', 400, 'GV-CLI-001'],
    ['an unknown GPU', '{"story":"idle","gpu_uuid":"x"}', 404, 'GV-API-002'],
    ['a flood', `"${'x'.repeat(100_000)}"`, 400, 'GV-API-001'],
  ])('refuses an order that is %s', async (_, body, status, code) => {
    const { url } = await serve();
    const response = await fetch(`${url}/inject`, { method: 'POST', body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, code });
  });

  it('answers 404 to everything else', async () => {
    const { url } = await serve();
    for (const path of ['/', '/truth', '/node/nobody/metrics', '/node/%E0%A4%A/metrics'])
      expect((await fetch(url + path)).status).toBe(404);
  });

  it('says so when its port is taken', async () => {
    const { url, fleet, clock } = await serve();
    const port = Number(new URL(url).port);
    await expect(
      serveFleet(fleet, { port, clock, speed: 1, interval_ms: 10_000, host: '127.0.0.1' }),
    ).rejects.toMatchObject({ code: 'GV-SVC-006' });
  });
});
