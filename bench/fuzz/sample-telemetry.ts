import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Scrape, ScrapedGpu } from '../../pipeline/contract/scrape.ts';

/** Small telemetry in every form that is read: what cases are made from. */
export const SAMPLE_TS = 1_767_225_600_000;
const UUID = 'GPU-11111111-aaaa-4000-8000-000000000001';

/** Exporters 1.x to 4.6, MIG, links, OpenMetrics with times and exemplars, blanks, a federation. */
export const EXPOSITIONS: readonly string[] = [
  `dcgm_gpu_temp{gpu="0",uuid="${UUID}",device="nvidia0",container_name="main",pod_name="job-1",pod_namespace="ai"} 44\ndcgm_xid_errors{gpu="0",uuid="${UUID}"} 0\n`,
  `# HELP DCGM_FI_DEV_GPU_TEMP GPU temperature (in C).\n# TYPE DCGM_FI_DEV_GPU_TEMP gauge\nDCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${UUID}",pci_bus_id="00000000:53:00.0",modelName="NVIDIA H100",Hostname="n1"} 61\nDCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="${UUID}",Hostname="n1"} 401.5\nDCGM_FI_DEV_XID_ERRORS{gpu="0",UUID="${UUID}",Hostname="n1",err_code="79",err_msg="off the bus"} 79\nDCGM_EXP_XID_ERRORS_COUNT{gpu="0",UUID="${UUID}",Hostname="n1",window_size_in_ms="300000",xid="79"} 2\n`,
  `DCGM_FI_DEV_FB_USED{gpu="0",UUID="${UUID}",GPU_I_PROFILE="2g.12gb",GPU_I_ID="1",Hostname="n4"} 98\nDCGM_FI_DEV_FB_USED{gpu="0",UUID="${UUID}",GPU_I_ID="2",Hostname="n4"} 9223372036854775794\n`,
  `{"DCGM_FI_DEV_GPU_UTIL_RATIO",gpu="0",UUID="${UUID}",hostname="n3"} 0.42 1767225600.5 # {trace="a"} 1\nDCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",UUID="${UUID}",hostname="n3"} 9.9e-1 1767225600000 ct@1.0\n# EOF\n`,
  `DCGM_FI_DEV_GPU_TEMP{UUID="a",Hostname="n1"} 40\nDCGM_FI_DEV_GPU_TEMP{UUID="b",Hostname="n2"} N/A\nDCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL{nvlink="3",UUID="a",Hostname="n1"} 9\nDCGM_FI_DEV_GPU_TEMP{Hostname="n1"} +Inf\n`,
];

export const EXPOSITION_WORDS: readonly string[] = [
  ...[
    'DCGM_FI_DEV_GPU_TEMP',
    'DCGM_FI_DEV_GPU_UTIL_RATIO',
    'DCGM_EXP_XID_ERRORS_COUNT',
    'Hostname="',
    'UUID="',
    'GPU_I_ID="',
    'xid="79"',
  ],
  ...[
    '\n',
    '\r\n',
    '"',
    '\\"',
    '{',
    '}',
    ',',
    ' 1767225600000',
    ' # {} 1',
    ' ct@1',
    'NaN',
    '+Inf',
    '2147483632',
    '140737488355328',
    '# TYPE ',
  ],
];

const gpu = (uuid: string, values: Partial<Record<MetricName, number>>, rest: Partial<ScrapedGpu> = {}): ScrapedGpu => {
  const all = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries(values)) all[metricIndex(name as MetricName)] = value;
  return {
    ...{
      uuid,
      instance: '',
      model: 'NVIDIA H100',
      pci_bus_id: '',
      serial: '',
      slot: '0',
      ts: SAMPLE_TS,
      xids: [],
      attribution: [],
    },
    values: all,
    ...rest,
  };
};

export const SCRAPES: readonly Scrape[] = [
  scrapeOf([gpu(UUID, { gpu_temp_celsius: 61, power_watts: 400 })]),
  scrapeOf([
    gpu('a', { gpu_temp_celsius: 40 }, { attribution: [{ namespace: 'ai', pod: 'p', container: 'c', job: '7' }] }),
    gpu('b', { xid_last: 79 }, { ts: SAMPLE_TS + 1, xids: [{ xid: 79, kind: 'event', count: 1 }] }),
    gpu('b', { fb_used_bytes: 1e9 }, { instance: '2' }),
  ]),
  {
    ...scrapeOf([]),
    refusals: [{ level: 'line', reason: 'unreadable_line', detail: 'cut', original: 'x' }],
    blanks: 3,
  },
];

function scrapeOf(gpus: readonly ScrapedGpu[]): Scrape {
  return {
    node: 'n1',
    ts: SAMPLE_TS,
    boot_epoch: SAMPLE_TS,
    sequence: 1,
    gpus,
    refusals: [],
    blanks: 0,
    unknown_metrics: 2,
  };
}

export const WIRE_MESSAGES: readonly Uint8Array[] = SCRAPES.map(encodeScrape);

export const JSON_ROWS: readonly string[] = [
  `{"ts":${SAMPLE_TS},"node":"n1","gpu_uuid":"${UUID}","gpu_temp_celsius":61,"power_watts":null,"xids":[79,31],"job":"7"}`,
  `{"ts":"2026-01-01T00:00:00Z","node":"n1","gpu_uuid":"a","instance":"1","gpu_util_ratio":0.5}\n{"ts":"2026-01-01T00:00:10Z","node":"n1","gpu_uuid":"a","gpu_util_ratio":NaN}\n`,
  `[{"node":"n1","gpu_uuid":"a","gpu_temp_celsius":-Infinity},{"node":"n2","gpu_uuid":"b","xids":"79;31"}]`,
  `{"ts":${SAMPLE_TS},"node":"n1","gpus":[{"gpu_uuid":"a","gpu_temp_celsius":50},{"gpu_uuid":"b","xid_last":0}]}`,
];
