import type { CollectorCounters } from '../collect/collector-options.ts';
import { type Finding, finding } from './finding.ts';
import { bytesText, spanText } from './in-words.ts';

export interface CollectorFacts {
  /** What it last told on the bus; null when it was not heard. */
  readonly heard: (Partial<CollectorCounters> & { readonly remote_write_targets?: number }) | null;
  readonly listened_ms: number;
  readonly expected: boolean;
}

export function judgeCollector({ heard, listened_ms, expected }: CollectorFacts): Finding[] {
  if (heard === null) {
    return [
      finding('collector', 'alive', {
        state: expected ? 'fail' : 'warn',
        what: `no collector was heard in ${spanText(listened_ms)}`,
        action: 'Start one with `gpu-vitals up` or `collect`, unless others publish the scrapes.',
      }),
    ];
  }
  const {
    targets = 0,
    targets_failing = 0,
    scrapes = 0,
    ticks_skipped = 0,
    targets_slow = 0,
    remote_write_targets,
  } = heard;
  const figures = {
    targets,
    targets_failing,
    scrapes,
    ticks_skipped,
    ...(remote_write_targets && { remote_write_targets }),
  };
  const what = `${targets - targets_failing} of ${targets} targets answer`;
  const states =
    targets === 0 && remote_write_targets !== undefined
      ? judgeRemoteWrite(remote_write_targets)
      : targets === 0
        ? finding('collector', 'targets', { state: 'warn', what: 'no targets', code: 'GV-COL-005', figures })
        : finding('collector', 'targets', {
            state: targets_failing === 0 ? 'ok' : targets_failing === targets ? 'fail' : 'warn',
            what,
            code: 'GV-COL-002',
            action: 'The log names them and says why: check that the exporters run, address, TLS and firewall.',
            figures,
          });
  const pace = judgePace(targets_slow, ticks_skipped);
  const { spooled_messages = 0, spooled_bytes = 0, dropped_messages = 0 } = heard;
  return [states, ...pace, judgeSpool(spooled_messages, spooled_bytes, dropped_messages)];
}

/** Targets that need longer than the interval: their next scrape is left out. Of each one lately, so that one among many is found. */
function judgePace(targets_slow: number, ticks_skipped: number): Finding[] {
  if (targets_slow === 0) return [];
  const they = targets_slow === 1 ? 'target often needs' : 'targets often need';
  return [
    finding('collector', 'slow targets', {
      state: 'warn',
      what: `${targets_slow} ${they} longer than the interval: a quarter and more of its latest scrapes were left out`,
      code: 'GV-COL-001',
      action:
        'The log names each. Time `curl` of such an exporter: one bad GPU can hold it for 45 s. Or raise interval.',
      figures: { targets_slow, ticks_skipped },
    }),
  ];
}

function judgeRemoteWrite(remote_write_targets: number): Finding {
  const what = `Prometheus writes of ${remote_write_targets} targets`;
  const action = 'Give Prometheus a remote_write to the address of --remote-write; its own log says what fails.';
  const figures = { remote_write_targets };
  return finding('collector', 'targets', { state: remote_write_targets === 0 ? 'warn' : 'ok', what, action, figures });
}

function judgeSpool(spooled_messages: number, spooled_bytes: number, dropped_messages: number): Finding {
  const figures = { spooled_messages, spooled_bytes, dropped_messages };
  if (dropped_messages > 0) {
    const what = `${dropped_messages} scrapes were dropped since the start: the spool was full`;
    return finding('collector', 'spool', { state: 'fail', what, code: 'GV-COL-006', figures });
  }
  if (spooled_messages > 0) {
    const what = `${spooled_messages} scrapes wait on disk, ${bytesText(spooled_bytes)}`;
    const action = 'They are sent in order as soon as NATS takes them; check NATS if they stay.';
    return finding('collector', 'spool', { state: 'warn', what, action, figures });
  }
  return finding('collector', 'spool', { what: 'empty', figures });
}
