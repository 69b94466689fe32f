import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { VitalsError } from '../contract/errors.ts';
import { parseTargetGroups, type Target } from './targets.ts';

export interface TargetFilesOptions {
  /** Paths; the last segment may hold `*` and `?`. `.json` is JSON, everything else YAML. */
  readonly patterns: readonly string[];
  /** All targets of all files, each time that they may have changed. */
  readonly on_targets: (targets: Target[]) => void;
  /** What is wrong with one file, or null when it is right again. Called at every reading. */
  readonly on_problem: (where: string, detail: string | null) => void;
  /** Files are read again this often even when no change was seen (network file systems tell none). Default 60 s. */
  readonly refresh_ms?: number;
}

export interface TargetSource {
  /** Settles when the first list was read or refused. */
  readonly ready: Promise<void>;
  stop(): void;
}

interface Known {
  readonly stamp: string;
  readonly targets: Target[];
  readonly problem: string | null;
}

const SETTLE_MS = 100;
const REFRESH_MS = 60_000;
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Prometheus `file_sd`. Folders are watched, not files, so that editors and Kubernetes, which replace a file by renaming,
 * are seen too. A file that cannot be read keeps its last good list; one that a pattern no longer finds is gone.
 */
export function watchTargetFiles(options: TargetFilesOptions): TargetSource {
  const known = new Map<string, Known>();
  const watchers = new Map<string, FSWatcher>();
  let settling: NodeJS.Timeout | null = null;
  let running = false;
  let again = false;
  let stopped = false;

  const soon = (): void => {
    if (stopped || settling !== null) return;
    settling = setTimeout(() => {
      settling = null;
      void readAll();
    }, SETTLE_MS);
  };

  function follow(folder: string): void {
    if (watchers.has(folder) || stopped) return;
    try {
      const watcher = watch(folder, soon);
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch {
      // No such folder yet, or no watches left: the slow re-check finds the files.
    }
  }

  async function readAll(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      const paths = new Set<string>();
      for (const pattern of options.patterns) {
        follow(dirname(pattern));
        for (const path of await expand(pattern)) paths.add(path);
      }
      for (const path of known.keys()) {
        if (paths.has(path)) continue;
        known.delete(path);
        options.on_problem(path, null);
      }
      for (const path of paths) await readOne(path);
      if (!stopped) options.on_targets([...known.values()].flatMap((file) => file.targets));
    } while (again && !stopped);
    running = false;
  }

  async function readOne(path: string): Promise<void> {
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const stamp = `${mtimeMs} ${ino} ${size}`;
      const before = known.get(path);
      if (before?.stamp === stamp) {
        // It may have been unreadable in between, and that is over.
        options.on_problem(path, before.problem);
        return;
      }
      if (size > FILE_BYTES_MAX) throw new Error(`${size} bytes, at most ${FILE_BYTES_MAX}`);
      const text = await readFile(path, 'utf8');
      const value: unknown = path.endsWith('.json') ? JSON.parse(text) : parse(text);
      const { targets, problems } = parseTargetGroups(value, path);
      const problem = problems.length === 0 ? null : problems.join('; ');
      known.set(path, { stamp, targets, problem });
      options.on_problem(path, problem);
    } catch (error) {
      options.on_problem(path, error instanceof VitalsError || error instanceof Error ? error.message : String(error));
    }
  }

  const timer = setInterval(() => void readAll(), options.refresh_ms ?? REFRESH_MS);
  timer.unref();
  return {
    ready: readAll(),
    stop() {
      stopped = true;
      clearInterval(timer);
      if (settling !== null) clearTimeout(settling);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Files that a pattern finds now, in order of name; a path without wildcards stands for itself, there or not. */
async function expand(pattern: string): Promise<string[]> {
  const name = basename(pattern);
  if (!/[*?]/.test(name)) return [pattern];
  const expression = name
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const matches = new RegExp(`^${expression}$`);
  try {
    const names = await readdir(dirname(pattern));
    return names
      .filter((one) => matches.test(one))
      .sort()
      .map((one) => join(dirname(pattern), one));
  } catch {
    return [];
  }
}
