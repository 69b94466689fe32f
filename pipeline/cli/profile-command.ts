import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { askForProfile, whoCanBeProfiled } from '../profiles/ask-profile.ts';
import { type Profiled, SECONDS_MAX } from '../profiles/profile-messages.ts';
import { configured, contextOf } from './context.ts';
import { openBus } from './open-bus.ts';

const KEYS: readonly ConfigKey[] = ['nats'];

interface Wanted {
  readonly list?: true;
  readonly part: string;
  readonly pid?: number;
  readonly seconds: number;
  readonly heap?: true;
  readonly out?: string;
}

/** `profile`: what a thread of a running system does with its time, or what its heap holds, as a file for browsers' tools. */
export function addProfileCommand(program: Command): void {
  const command = configured(program.command('profile'), KEYS)
    .description(
      'a CPU profile of a running part, asked for over NATS; opens in the tools of any Chromium, or in speedscope',
    )
    .option('--list', 'only name the parts that can be asked')
    .option('--part <part>', 'engine, engine-0 and so on, collector, api or live', 'engine')
    .option('--pid <pid>', 'of this process, where several have such a part', wholeNumber)
    .option('--seconds <n>', 'for so long', secondsOf, 10)
    .option('--heap', 'its heap instead of its time (.heapsnapshot); the part stands still meanwhile')
    .option('--out <FILE>', 'file to write; default PART.cpuprofile or PART.heapsnapshot')
    .action(async () => {
      const context = contextOf(command, KEYS);
      const { list, part, pid, seconds, heap, out } = command.opts<Wanted>();
      const bus = await openBus(context.loaded.values, 'profile');
      try {
        const all = await whoCanBeProfiled(bus);
        if (list === true) {
          context.answer(all, () => all.map((one) => `${one.part.padEnd(12)}  pid ${one.pid}  ${one.host}`).join('\n'));
          return;
        }
        const { id } = theOne(all, part, pid);
        const path = out ?? `${part}.${heap === true ? 'heapsnapshot' : 'cpuprofile'}`;
        if (heap !== true) context.say(`${part}: ${seconds} s`);
        const bytes = await writeProfile(
          bus,
          path,
          heap === true ? { kind: 'heap', id } : { kind: 'cpu', id, seconds },
        );
        context.answer({ file: path, part, bytes }, () => `${path}: ${(bytes / 1_024).toFixed(0)} KiB`);
      } finally {
        await bus.close();
      }
    });
}

/** Throws GV-TEL-002 unless exactly one fits. */
function theOne(all: readonly Profiled[], part: string, pid: number | undefined): Profiled {
  const fitting = all.filter((one) => one.part === part && (pid === undefined || one.pid === pid));
  const [one, another] = fitting;
  if (one === undefined) {
    const known = [...new Set(all.map((other) => other.part))].join(', ');
    throw new VitalsError('GV-TEL-002', `no ${part} answers${known === '' ? '' : `, only ${known}`}`, '');
  }
  if (another !== undefined) {
    const pids = fitting.map((other) => `${other.pid} on ${other.host}`).join(', ');
    throw new VitalsError('GV-TEL-002', `several processes have a part ${part}: ${pids}`, '', {
      action: 'Choose one with --pid.',
    });
  }
  return one;
}

/** The file is there when all of it is. */
async function writeProfile(bus: Bus, path: string, wanted: Parameters<typeof askForProfile>[1]): Promise<number> {
  const unfinished = `${path}.part`;
  let file: number;
  try {
    file = openSync(unfinished, 'w', 0o600);
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the file cannot be written', path, { cause });
  }
  try {
    const bytes = await askForProfile(bus, wanted, (chunk) => writeSync(file, chunk));
    closeSync(file);
    renameSync(unfinished, path);
    return bytes;
  } catch (error) {
    closeSync(file);
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(`a number of seconds from 0.1 to ${SECONDS_MAX} is needed`);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number is needed');
}
