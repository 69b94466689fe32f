import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, endCliRuns, readyLine, runCli, startCli } from './cli.fixture.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-simulate-'));
});
afterAll(async () => {
  await endCliRuns();
  rmSync(folder, { recursive: true, force: true });
});

async function simulation(data: string): Promise<{ readonly run: CliRun; readonly gpu_uuid: string }> {
  const run = startCli(['simulate', '--gpus', '1', '--port', '0', '--stories', 'none', '--data', data]);
  const { sd = '', url = '' } = await readyLine(run);
  const [group] = (await (await fetch(sd)).json()) as { targets: string[]; labels: Record<string, string> }[];
  const page = await (await fetch(`http://${group?.targets[0]}${group?.labels.__metrics_path__}`)).text();
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('UUID="GPU-');
  return { run, gpu_uuid: /uuid="(GPU-[^"]+)"/i.exec(page)?.[1] ?? '' };
}

it('is found by inject while it runs, and not any more when it has ended or was killed', async () => {
  const data = join(folder, 'data');
  const inject = (gpu_uuid: string) =>
    runCli(['inject', 'power_cap', '--gpu', gpu_uuid, '--data', data, '--json'], { cwd: folder });
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const { run, gpu_uuid } = await simulation(data);
    const told = await inject(gpu_uuid);
    expect([told.code, told.stderr]).toEqual([0, '']);
    expect(JSON.parse(told.stdout)).toMatchObject({ gpu_uuid });
    expect((await inject('GPU-none')).stderr).toContain('GV-API-002');
    run.kill(signal);
    expect((await run.exited).code).toBe(signal === 'SIGTERM' ? 0 : null);
    expect(existsSync(join(data, 'run', 'simulate.json'))).toBe(signal === 'SIGKILL');
    const late = await inject(gpu_uuid);
    expect([late.code, JSON.parse(late.stderr).code]).toEqual([1, 'GV-CLI-002']);
  }
});
