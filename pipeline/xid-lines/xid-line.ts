/** What NVLink 5 units (B100, GB200) put behind XIDs 144 to 150. */
export interface Nvlink5Line {
  readonly unit: string;
  readonly fatal: boolean;
  /** Whether somebody injected it, for a test. */
  readonly injected: boolean;
  /** Null where none is named. */
  readonly link: number | null;
  /** First and second hexadecimal field, as unsigned 32-bit numbers; a second one that is missing is 0. */
  readonly intrinfo: number;
  readonly error_status: number;
}

/** An XID as the driver writes it into the kernel's log. */
export interface XidLine {
  readonly xid: number;
  /** As the driver names the GPU: `0000:17:00`. */
  readonly pci_bus_id: string;
  /** All that stands behind the code. */
  readonly detail: string;
  readonly nvlink5: Nvlink5Line | null;
  /** The code that it follows from, where the driver says so; else null. */
  readonly caused_by: number | null;
}

/** A line by which the driver says which GPU is behind an address. */
export interface GpuLine {
  readonly pci_bus_id: string;
  readonly gpu_uuid: string;
}

/** Longer lines are cut: the kernel writes none of more than 1 kB. */
const LINE_MAX = 4_096;
const XID = /\bXid \((?:PCI:)?([\da-f]{4,8}(?::[\da-f]{2}){2}(?:\.\d)?)[^)]*\): (\d{1,4})(?:,\s*(.*))?$/i;
const GPU = /\bGPU at (?:PCI:)?([\da-f]{4,8}(?::[\da-f]{2}){2}(?:\.\d)?): (GPU-[\da-f-]{36})/i;
const NVLINK5 =
  /\b([A-Z][A-Z\d_]+) (Fatal|Nonfatal) XC\d+ i(\d+) Link (-?\d+) \((0x[\da-f]{1,8})(?: (0x[\da-f]{1,8}))?/i;
const CAUSED_BY = /\bcaused by previous Xid (\d{1,4})/i;

/** Reads a line of the kernel's log, with whatever stands before it; null when it tells of no XID. O(length), at most 4 kB. */
export function readXidLine(line: string): XidLine | null {
  const found = XID.exec(line.slice(0, LINE_MAX).trimEnd());
  if (found === null) return null;
  const [, pci_bus_id = '', xid = '', detail = ''] = found;
  const caused = CAUSED_BY.exec(detail)?.[1];
  return {
    xid: Number(xid),
    pci_bus_id: pci_bus_id.toLowerCase(),
    detail,
    nvlink5: readNvlink5(detail),
    caused_by: caused === undefined ? null : Number(caused),
  };
}

/** Reads a line in which the driver names a GPU; null when it does not. */
export function readGpuLine(line: string): GpuLine | null {
  const [, pci_bus_id, gpu_uuid] = GPU.exec(line.slice(0, LINE_MAX)) ?? [];
  if (pci_bus_id === undefined || gpu_uuid === undefined) return null;
  return { pci_bus_id: pci_bus_id.toLowerCase(), gpu_uuid };
}

function readNvlink5(detail: string): Nvlink5Line | null {
  const found = NVLINK5.exec(detail);
  if (found === null) return null;
  const [, unit = '', severity = '', injected, link, intrinfo, error_status = '0x0'] = found;
  return {
    unit: unit.toUpperCase(),
    fatal: severity.toLowerCase() === 'fatal',
    injected: injected !== '0',
    link: Number(link) < 0 ? null : Number(link),
    intrinfo: Number(intrinfo),
    error_status: Number(error_status),
  };
}
