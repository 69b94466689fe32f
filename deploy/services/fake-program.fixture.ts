import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FindContext } from './find-context.ts';
import type { ReportLine } from './report.ts';

export interface FakeMachine extends FindContext {
  readonly folder: string;
  /** The machine's only PATH entry, besides one with the shell's own tools. */
  readonly bin: string;
  readonly lines: ReportLine[];
  /** Writes a shell program below the machine's folder, in PATH when the name has no folder. */
  install(name: string, script: string): Promise<string>;
  remove(): Promise<void>;
}

/** A machine with an empty PATH, cache and home, for tests of what is found where. */
export async function fakeMachine(): Promise<FakeMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-machine-'));
  const bin = join(folder, 'bin');
  const cache = join(folder, 'cache');
  await mkdir(bin);
  await mkdir(cache);
  const lines: ReportLine[] = [];
  return {
    folder,
    bin,
    cache,
    lines,
    env: { PATH: bin, HOME: folder },
    platform: 'linux-x64',
    report: (line) => lines.push(line),
    tried: [],
    async install(name, script) {
      const path = name.includes('/') ? join(folder, name) : join(bin, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
      await chmod(path, 0o755);
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export function nats(version: string): string {
  return `echo "nats-server: v${version}"`;
}
