import { type Finding, finding } from './finding.ts';

export interface PortFacts {
  readonly name: 'api' | 'live' | 'nats' | 'questdb' | 'questdb-pg';
  readonly host: string;
  readonly port: number;
  readonly holder: 'ours' | 'nobody' | 'other';
  /** Whether a start takes another port when this one is taken: it does for our own children, not for what was asked for. */
  readonly replaceable: boolean;
}

export function judgePort({ name, host, port, holder, replaceable }: PortFacts): Finding {
  const address = `${host}:${port}`;
  const figures = { address, holder };
  if (holder === 'ours') return finding('ports', name, { what: `${address} is ours`, figures });
  if (holder === 'nobody') return finding('ports', name, { what: `${address} is free`, figures });
  const what = `${address} is taken by somebody else`;
  if (replaceable) {
    const action = 'None needed: a free port is taken instead.';
    return finding('ports', name, { state: 'warn', what, action, figures });
  }
  const action = `Free the port, or choose another address with --${name}.`;
  return finding('ports', name, { state: 'fail', what, code: 'GV-SVC-006', action, figures });
}
