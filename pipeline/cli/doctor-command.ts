import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import { examine } from '../doctor/examine.ts';
import { type Finding, flatFinding } from '../doctor/finding.ts';
import { applyFixes, type Fix, planFixes } from '../doctor/fix.ts';
import { auditOf } from './audited.ts';
import { configured, contextOf } from './context.ts';
import { runSelfTest } from './self-test-command.ts';

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
    .option('--fix', 'first mend what is safe: suspended tables, dead letters whose cause is gone, a stale lock')
    .option('--self-test', 'put a fault into the simulated fleet and time anomaly, health and alert')
    .action(async () => {
      const context = contextOf(command, KEYS);
      const { fix, selfTest } = command.opts<{ fix?: true; selfTest?: true }>();
      if (selfTest === true) return runSelfTest(context, audit);
      const config = context.loaded.values;
      const look = (): Promise<Finding[]> => examine({ config, clock: systemClock, env: process.env });
      let findings = await look();
      const fixes = fix === true ? await applyFixes(planFixes(findings), { config, clock: systemClock }) : [];
      if (fixes.some(({ state }) => state === 'done')) findings = await look();
      const told = findings.map(flatFinding);
      context.answer(fix === true ? { fixes, findings: told } : told, () =>
        [...(fix === true ? [fixesText(fixes)] : []), findingsText(findings)].join('\n\n'),
      );
      process.exitCode = doctorExitCode(findings);
    });
  const audit = auditOf(command);
}

const fixesText = (fixes: readonly Fix[]): string =>
  fixes.map(({ fix, state, detail }) => `${state.padEnd(6)}  ${fix}: ${detail}`).join('\n') ||
  'nothing that can be mended without you';

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
