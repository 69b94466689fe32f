import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Tells a process apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/** Identity of a running process, or null when there is none with this pid. */
export async function processIdentity(pid: number): Promise<ProcessIdentity | null> {
  const started = procStart(pid) ?? (await psStart(pid));
  return started === null || started === '' ? null : { pid, started };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await processIdentity(identity.pid))?.started === identity.started;
}

/** Linux: boot and start tick. A zombie has ended, whoever still has to collect it. Null without /proc. */
function procStart(pid: number): string | null {
  let boot: string;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name may hold spaces and brackets, so fields are counted from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : `${boot}:${fields[19] ?? ''}`;
  } catch {
    return '';
  }
}

async function psStart(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
    return stdout.trim();
  } catch {
    return '';
  }
}
