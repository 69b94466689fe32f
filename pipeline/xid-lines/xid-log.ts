import { type ExplainedXid, explainXid, xidInWords } from './explain-xid.ts';
import { readGpuLine, readXidLine } from './xid-line.ts';

/** An XID of one GPU, as often as a log tells of it. */
export interface LoggedXid extends ExplainedXid {
  readonly pci_bus_id: string;
  /** Where the log names the GPU behind the address; else empty. */
  readonly gpu_uuid: string;
  readonly count: number;
  /** Numbers of the first and the last line, from 1. */
  readonly first_line: number;
  readonly last_line: number;
  /** The last line, without what stands before the code. */
  readonly detail: string;
}

/** Kinds of XIDs kept of one log; of more, only the number is told. */
const KINDS_MAX = 10_000;

/** Gathers the XIDs of a kernel log, line by line: the same kind on the same GPU once. State: what is kept, 1 kB a kind. */
export class XidLog {
  private readonly driver_branch: number | null;
  private readonly gpus = new Map<string, string>();
  private readonly kinds = new Map<string, Omit<LoggedXid, 'gpu_uuid'>>();
  private lines = 0;
  /** XIDs of further kinds, which are not kept. */
  left_out = 0;

  constructor(driver_branch: number | null) {
    this.driver_branch = driver_branch;
  }

  take(line: string): void {
    this.lines += 1;
    const gpu = readGpuLine(line);
    if (gpu !== null) this.gpus.set(gpu.pci_bus_id, gpu.gpu_uuid);
    const told = readXidLine(line);
    if (told === null) return;
    const { xid, pci_bus_id, detail, nvlink5, caused_by } = told;
    const key = [
      pci_bus_id,
      xid,
      caused_by,
      nvlink5?.unit,
      nvlink5?.link,
      nvlink5?.intrinfo,
      nvlink5?.error_status,
    ].join(' ');
    const before = this.kinds.get(key);
    if (before !== undefined) {
      this.kinds.set(key, { ...before, count: before.count + 1, last_line: this.lines, detail });
    } else if (this.kinds.size >= KINDS_MAX) this.left_out += 1;
    else {
      const place = { first_line: this.lines, last_line: this.lines };
      this.kinds.set(key, { ...explainXid(told, this.driver_branch), pci_bus_id, count: 1, ...place, detail });
    }
  }

  /** In the order of their first lines. */
  get found(): LoggedXid[] {
    return [...this.kinds.values()].map((kind) => ({ ...kind, gpu_uuid: this.gpus.get(kind.pci_bus_id) ?? '' }));
  }
}

/** The same for people. */
export function loggedInWords(logged: LoggedXid): string {
  const { pci_bus_id, gpu_uuid, count, first_line, last_line } = logged;
  const gpu = gpu_uuid === '' ? pci_bus_id : `${pci_bus_id} ${gpu_uuid}`;
  const often = count === 1 ? `line ${first_line}` : `${count} times, lines ${first_line} to ${last_line}`;
  return [`${gpu}, ${often}`, ...xidInWords(logged).map((line) => `  ${line}`)].join('\n');
}
