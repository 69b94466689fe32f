import { type Finding, finding } from './finding.ts';

const MIN = [20, 19] as const;
const TESTED: readonly number[] = [20, 22, 24];

/** Judges `process.versions.node`. */
export function judgeNodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const what = `Node ${version}`;
  const figures = { version };
  if (major < MIN[0] || (major === MIN[0] && minor < MIN[1])) {
    const action = `Use Node ${TESTED.join(', ')}.`;
    return finding('machine', 'node', {
      state: 'fail',
      what: `${what} is older than ${MIN.join('.')}`,
      action,
      figures,
    });
  }
  if (TESTED.includes(major)) return finding('machine', 'node', { what, figures });
  return finding('machine', 'node', {
    state: 'warn',
    what: `${what} was not tested`,
    action: `Should anything be odd, use Node ${TESTED.join(', ')}.`,
    figures,
  });
}
