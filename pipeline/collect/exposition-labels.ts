import type { Attribution } from '../contract/events.ts';

export type Labels = ReadonlyMap<string, string>;

/** What the labels of a sample tell about where it belongs; the same for every metric of a GPU under one pod. */
export interface SeriesIdentity {
  /** The host that the labels name; empty when they name none. */
  readonly node: string;
  /** Empty: no GPU identity. */
  readonly uuid: string;
  readonly instance: string;
  readonly model: string;
  readonly pci_bus_id: string;
  readonly serial: string;
  readonly slot: string;
  readonly attribution: Attribution | null;
  /** A link's, switch's, CPU's or core's sample: its values are not the GPU's, even where it names one. */
  readonly foreign: boolean;
  /** The XID of a window count, or that the exporter tells beside the gauge; 0 = none. */
  readonly xid: number;
  readonly err_code: number;
}

const SPACE = 32;
const TAB = 9;
const isBlank = (code: number): boolean => code === SPACE || code === TAB;
const LABEL_NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** Under this name `readLabels` gives a sample name that stands, quoted, inside the braces. */
export const NAME_LABEL = '__name__';

/**
 * Reads what stands between a sample's name and its value: blanks, or a label block with any blanks around its parts.
 * An unknown escape stays as it is, a trailing comma is allowed, and of a repeated label the first counts. Label names may
 * be quoted, and a quoted text without a value is the sample's name (both since Prometheus 3). Null when the text is no
 * label block.
 */
export function readLabels(text: string): Labels | null {
  const labels = new Map<string, string>();
  let at = 0;
  const skip = (): void => {
    while (isBlank(text.charCodeAt(at))) at++;
  };
  /** The text of the quotes that open at `at`, escapes resolved; null when they are never closed. */
  const quoted = (): string | null => {
    let value = '';
    for (let from = ++at; ; at++) {
      const char = text[at];
      if (char === undefined) return null;
      if (char !== '"' && char !== '\\') continue;
      value += text.slice(from, at);
      if (char === '"') break;
      const escaped = text[++at];
      if (escaped === undefined) return null;
      value += ESCAPES[escaped] ?? `\\${escaped}`;
      from = at + 1;
    }
    at++;
    return value;
  };
  const bare = (): string | null => {
    LABEL_NAME.lastIndex = at;
    const name = LABEL_NAME.exec(text)?.[0] ?? null;
    at += name?.length ?? 0;
    return name;
  };
  skip();
  if (at === text.length) return at > 0 ? labels : null;
  if (text[at++] !== '{') return null;
  for (skip(); text[at] !== '}'; ) {
    const said = text[at] === '"';
    let name = said ? quoted() : bare();
    if (name === null) return null;
    skip();
    let value: string | null;
    if (said && text[at] !== '=') {
      value = name;
      name = NAME_LABEL;
      if (labels.has(name)) return null;
    } else {
      if (text[at++] !== '=') return null;
      skip();
      if (text[at] !== '"') return null;
      value = quoted();
      if (value === null) return null;
    }
    if (!labels.has(name)) labels.set(name, value);
    skip();
    if (text[at] === ',') {
      at++;
      skip();
    } else if (text[at] !== '}') {
      return null;
    }
  }
  at++;
  skip();
  return at === text.length ? labels : null;
}

/** The first label that is there and not empty. */
const first = (labels: Labels, ...names: readonly string[]): string => {
  for (const name of names) {
    const value = labels.get(name);
    if (value !== undefined && value !== '') return value;
  }
  return '';
};

const code = (text: string): number => (/^\d{1,9}$/.test(text) ? Number(text) : 0);

/** Every spelling of exporters 1.x to 4.6, of Kubernetes attributes and of a Prometheus in between. */
export function identify(labels: Labels): SeriesIdentity {
  return {
    node: first(labels, 'Hostname', 'hostname'),
    uuid: first(labels, 'UUID', 'uuid', 'gpu_uuid', 'GPU_UUID', 'DCGM_FI_DEV_UUID', 'DCGM_FI_DEV_GPU_UUID'),
    instance: first(labels, 'GPU_I_ID', 'gpu_i_id'),
    model: first(labels, 'modelName', 'model_name', 'model', 'DCGM_FI_DEV_NAME', 'DCGM_FI_DEV_BOARD_NAME'),
    pci_bus_id: first(labels, 'pci_bus_id', 'PCI_BUS_ID', 'DCGM_FI_DEV_PCI_BUSID'),
    serial: first(labels, 'DCGM_FI_DEV_SERIAL', 'DCGM_FI_DEV_BOARD_SERIAL', 'serial'),
    slot: first(labels, 'gpu'),
    attribution: attributionOf(labels),
    foreign: first(labels, 'nvlink', 'nvswitch', 'cpu', 'cpucore') !== '',
    xid: code(first(labels, 'xid')),
    err_code: code(first(labels, 'err_code')),
  };
}

/**
 * Who uses the GPU; null when the labels name neither pod nor job. A Prometheus without honor_labels puts the exporter's
 * own pod into `pod` and the user's into `exported_pod`, so that the exported label counts where there is one: each for
 * itself, since only those step aside that the target has too. The exporter itself uses no GPU.
 */
function attributionOf(labels: Labels): Attribution | null {
  const exported = first(labels, 'exported_pod', 'exported_pod_name') !== '';
  const read = (...names: readonly string[]): string =>
    first(labels, ...names.map((name) => `exported_${name}`), ...names);
  const attribution = {
    namespace: read('namespace', 'pod_namespace'),
    pod: read('pod', 'pod_name'),
    container: read('container', 'container_name'),
    job: first(labels, 'hpc_job', 'exported_hpc_job'),
  };
  const exporter = !exported && attribution.job === '' && /dcgm-exporter/.test(attribution.pod + attribution.container);
  return exporter || (attribution.pod === '' && attribution.job === '') ? null : attribution;
}
