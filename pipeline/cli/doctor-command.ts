import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import { examine } from '../doctor/examine.ts';
import { type Finding, flatFinding } from '../doctor/finding.ts';
import { configured, contextOf } from './context.ts';

const KEYS: readonly ConfigKey[] = [
  'nats',
  'questdb',
  'questdb-pg',
  'cache',
  'api',
  'live',
  'interval',
  'snapshot-interval',
  'future-max',
];

/** `doctor`: the state of every part and what to do; exit 1 when something fails, 3 when a needed part is missing. */
export function addDoctorCommand(program: Command): void {
  const command = configured(program.command('doctor'), KEYS)
    .description('every part: state, lag, disk, ports, clocks, suspended tables, each with what to do')
    .action(async () => {
      const { loaded, answer } = contextOf(command, KEYS);
      const findings = await examine({ config: loaded.values, clock: systemClock, env: process.env });
      answer(findings.map(flatFinding), () => findingsText(findings));
      process.exitCode = doctorExitCode(findings);
    });
}

export function doctorExitCode(findings: readonly Finding[]): 0 | 1 | 3 {
  const failed = findings.filter(({ state }) => state === 'fail');
  if (failed.some(({ code }) => code === 'GV-SVC-001')) return 3;
  return failed.length > 0 ? 1 : 0;
}

/** A line a finding, what to do below it, and a last line that sums up. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ part, check }) => `${part} ${check}`.length));
  const lines = findings.flatMap(({ part, check, state, what, action, code }) => {
    const name = `${part} ${check}`.padEnd(width);
    const line = `${state.padEnd(4)}  ${name}  ${code === undefined ? '' : `${code}: `}${what}`;
    return action === '' ? [line] : [line, `${' '.repeat(width + 8)}-> ${action}`];
  });
  const count = (state: Finding['state']): number => findings.filter((one) => one.state === state).length;
  return [...lines, '', `${count('fail')} fail, ${count('warn')} warn, ${count('ok')} ok`].join('\n');
}
