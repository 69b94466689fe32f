import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../deploy/services/free-port.ts';
import { endAll, world } from './live.fixture.ts';
import { openConsolePage } from './web/console-page.fixture.ts';

const ROOT = join(import.meta.dirname, '..');
const run = promisify(execFile);
const BUNDLE_GZIP_BYTES_MAX = 8_000;

afterEach(endAll);

/** As a reader of the README would have it. */
const PROGRAM = `
import { liveTopic } from 'gpu-vitals/live-client';
import { WebSocket } from 'ws';

const subscription = liveTopic(process.argv[2] ?? '', 'fleet', { WebSocket }).subscribe(({ state, type, seq }) => {
  const watts: number | null | undefined = state.get('GPU-a')?.power_watts;
  console.log(JSON.stringify([type, seq, watts]));
  if (type === 'delta') subscription.unsubscribe();
});
`;

describe('the live client as others get it', () => {
  it('is exported from the package with its types, and ends with its last subscriber', async () => {
    const { live, sample } = await world('uws');
    sample('GPU-a', { power_watts: 1 });
    await vi.waitFor(() => expect(live.view.size).toBe(1));
    // A package may import itself by its name: what `exports` says is what is found.
    const folder = join(ROOT, 'dist', `live-client-${process.pid}`);
    await mkdir(folder);
    try {
      await writeFile(join(folder, 'program.ts'), PROGRAM);
      const tsconfig = {
        extends: '../../tsconfig.json',
        compilerOptions: { rootDir: '.', outDir: '.' },
        include: ['program.ts'],
        exclude: [],
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
      await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]);
      const ended = run(process.execPath, [join(folder, 'program.js'), live.url], { timeout: 20_000 });
      let power_watts = 1;
      const feeding = setInterval(() => sample('GPU-a', { power_watts: ++power_watts }), 50);
      const { stdout } = await ended.finally(() => clearInterval(feeding));
      const [first, second, ...rest] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, number, number]);
      expect([first?.[0], second?.[0], rest]).toEqual(['snapshot', 'delta', []]);
      expect(second?.[1]).toBe((first?.[1] ?? Number.NaN) + 1);
      expect(second?.[2]).toBeGreaterThan(first?.[2] ?? Number.NaN);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it('works in a browser, small, through a restart of the server', async () => {
    const { build } = await import('vite');
    const built = (await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        minify: true,
        lib: { entry: join(ROOT, 'server/live-client.ts'), formats: ['es'], fileName: 'client' },
      },
    })) as { output: { code: string }[] }[];
    const code = built[0]?.output[0]?.code ?? '';
    expect(gzipSync(code).length).toBeLessThan(BUNDLE_GZIP_BYTES_MAX);
    const site = createServer((request, response) => {
      const script = request.url === '/client.js';
      response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
      response.end(script ? code : '<!doctype html><link rel="icon" href="data:,"><title>page</title>');
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const port = await freePort(0, new Set());
    const first = await world('uws', { port });
    first.sample('GPU-a', { power_watts: 1 });
    const opened = await openConsolePage();
    try {
      const { page } = opened;
      await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
      await page.evaluate(
        `import('/client.js').then(({ liveTopic }) => {
          liveTopic(${JSON.stringify(first.live.url)}, 'gpu/GPU-a', { retry_ms: 20 })
            .subscribe(({ state }) => { document.title = String(state?.sample?.power_watts); });
        })`,
      );
      await expect.poll(() => page.title(), { timeout: 10_000 }).toBe('1');
      first.sample('GPU-a', { power_watts: 2 });
      await expect.poll(() => page.title(), { timeout: 10_000 }).toBe('2');
      await first.live.close();
      const second = await world('uws', { port });
      second.sample('GPU-a', { power_watts: 3 });
      await expect.poll(() => page.title(), { timeout: 10_000 }).toBe('3');
      expect(opened.faults).toEqual([]);
    } finally {
      await opened.close();
      site.close();
    }
  }, 60_000);
});
