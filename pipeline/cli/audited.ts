import type { Command } from 'commander';
import { auditedCommand } from '../audit/audit-command.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';

interface Act {
  /** The command's name when absent. */
  readonly action?: string;
  readonly target: string;
  /** Never a secret. */
  readonly detail?: string;
}

/** Null as bus: what is changed belongs to no running system, and there is no trail to write to. */
export type Audit = <T>(bus: Bus | null, act: (done: T | null) => Act, run: () => Promise<T>) => Promise<T>;

const changing = new WeakSet<Command>();

/** Whether a command has said that what it changes is written down. */
export const isAudited = (command: Command): boolean => changing.has(command);

/** How a command runs what changes a running system. Every command that does so asks for it when it is made. */
export function auditOf(command: Command, written?: (bus: Bus) => Promise<boolean>): Audit {
  changing.add(command);
  return (bus, act, run) => {
    if (bus === null) return run();
    return auditedCommand(
      { bus, clock: systemClock, ...(written !== undefined && { failure_written: () => written(bus) }) },
      (done) => ({ action: nameOf(command), ...act(done) }),
      run,
    );
  };
}

/** `keys create`: without the program. */
export function nameOf(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${nameOf(above)} ${command.name()}`;
}
