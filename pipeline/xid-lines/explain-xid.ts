import type { RecoveryAction, Severity } from '../contract/events.ts';
import { decodeNvlink5, type Nvlink5Look, type Nvlink5Verdict } from '../contract/xid-nvlink5.ts';
import type { XidCategory } from '../contract/xid-table.ts';
import { xidEntry } from '../contract/xids.ts';
import type { Nvlink5Line, XidLine } from './xid-line.ts';

/** What an XID means and asks for, with what its line adds. */
export interface ExplainedXid {
  readonly xid: number;
  readonly name: string;
  readonly severity: Severity;
  readonly category: XidCategory;
  readonly meaning: string;
  /** What to do at its first appearance; `as_154_says`: the driver tells with XID 154. */
  readonly first: RecoveryAction | 'as_154_says';
  /** What to do when that did not help. */
  readonly next: RecoveryAction;
  /** Codes from which it follows when they are there too; `any`: whatever else is there. */
  readonly follows: readonly number[] | 'any' | null;
  /** Whether a faulty program alone can cause it on healthy hardware. */
  readonly by_application: boolean;
  readonly caused_by: number | null;
  readonly nvlink5: (Nvlink5Line & { readonly verdict: Nvlink5Verdict | null }) | null;
}

/** A branch of each of the two layouts, the newer one first. */
const LAYOUTS = [580, 570];

/**
 * Explains an XID. `driver_branch` decides how NVLink 5 details are laid out; null: the layout that fits the unit named in
 * the line, of both the newer one. Pure.
 */
export function explainXid(
  { xid, nvlink5, caused_by }: Pick<XidLine, 'xid' | 'nvlink5' | 'caused_by'>,
  driver_branch: number | null,
): ExplainedXid {
  const { name, severity, category, meaning, first, next, follows, by_application } = xidEntry(xid);
  const known = { xid, name, category, meaning, next, follows, by_application, caused_by };
  if (nvlink5 === null) return { ...known, severity, first, nvlink5: null };
  const verdict = verdictOf(xid, nvlink5, driver_branch);
  if (verdict === null) {
    return { ...known, severity: nvlink5.fatal ? 'critical' : severity, first, nvlink5: { ...nvlink5, verdict } };
  }
  return { ...known, severity: severityOf(verdict), first: verdict.first, nvlink5: { ...nvlink5, verdict } };
}

function verdictOf(xid: number, line: Nvlink5Line, driver_branch: number | null): Nvlink5Verdict | null {
  const { intrinfo, error_status } = line;
  const verdicts = (driver_branch === null ? LAYOUTS : [driver_branch]).flatMap(
    (branch) => decodeNvlink5({ xid, intrinfo, error_status, driver_branch: branch }) ?? [],
  );
  return verdicts.find(({ unit }) => unit === line.unit) ?? verdicts[0] ?? null;
}

function severityOf({ fatal, first, look }: Nvlink5Verdict): Severity {
  if (fatal !== 'no' || first === 'reset_gpu') return 'critical';
  return first === 'none' && look === 'nothing' ? 'info' : 'warning';
}

const ACTIONS: Readonly<Record<ExplainedXid['first'], string>> = {
  none: 'nothing yet',
  restart_application: 'restart the application',
  reset_gpu: 'reset the GPU',
  reboot_node: 'reboot the node',
  drain_and_reset: 'drain the GPU and reset it',
  replace_gpu: 'take the GPU out and replace it',
  as_154_says: 'what the driver asks for with XID 154',
};

const LOOKS: Readonly<Record<Nvlink5Look, string>> = {
  nothing: '',
  support: 'report it to the vendor when it comes again',
  support_if_alone: 'report it to the vendor when no other code explains it',
  support_if_daily: 'report it to the vendor when it comes more than once a day',
  link: 'check the link when it comes again',
  link_and_cables: 'check the link and its cables',
  peer: 'look at the other end of the link',
  host: 'look at the host',
  software: 'look at fabric manager and driver',
  software_and_link: 'look at fabric manager and driver, then at the link',
};

const ENDS: Readonly<Record<Nvlink5Verdict['fatal'], string>> = {
  no: 'nothing ends',
  link: 'the link is down',
  gpu: "the GPU's work is lost",
};

/** The same for people, a sentence a line. */
export function xidInWords(explained: ExplainedXid): string[] {
  const { xid, name, severity, category, meaning, first, next, caused_by, follows, nvlink5 } = explained;
  const lines = [`XID ${xid}, ${name}: ${severity}, ${category}.${meaning === '' ? '' : ` ${meaning}`}`];
  if (nvlink5 !== null) lines.push(nvlink5InWords(nvlink5));
  const again = next === first || next === 'none' ? '' : ` If it comes back: ${ACTIONS[next]}.`;
  lines.push(`Do: ${ACTIONS[first]}.${again}`);
  if (caused_by !== null) lines.push(`The driver says that it follows from XID ${caused_by}: see there.`);
  else if (follows === 'any') lines.push('It follows from what else is there: look for the code that came with it.');
  else if (follows !== null)
    lines.push(`With ${follows.map((code) => `XID ${code}`).join(' or ')} it follows from that.`);
  if (explained.by_application && follows !== 'any')
    lines.push('A faulty program alone can cause it; on one GPU again and again it is the GPU.');
  return lines;
}

function nvlink5InWords({ unit, fatal, injected, link, verdict }: NonNullable<ExplainedXid['nvlink5']>): string {
  const where = `${link === null ? '' : `Link ${link}, `}${verdict === null ? unit : verdict.unit}`;
  const test = injected ? ', injected for a test' : '';
  if (verdict === null) {
    return `${where}${test}: ${fatal ? 'fatal' : 'not fatal'}; the catalogue has no rule for these details.`;
  }
  const { look, brings, peer_loses_packets } = verdict;
  const more = [
    ENDS[verdict.fatal],
    ...(brings.length === 0 ? [] : [`brings about XID ${brings.join(', ')}`]),
    ...(peer_loses_packets ? ['the other end may lose packets'] : []),
    ...(LOOKS[look] === '' ? [] : [LOOKS[look]]),
  ];
  return `${where}${test}: ${more.join('; ')}.`;
}
