import { type Clock, systemClock } from '../pipeline/clock.ts';
import { ExpositionParser } from '../pipeline/collect/exposition-parser.ts';
import { METRICS } from '../pipeline/contract/metrics.ts';

/** What one core reads of dcgm-exporter text with one parser per target. */
export interface ParserFigures {
  /** The same series at every scrape, new values. */
  readonly samples_per_second: number;
  /** One GPU of eight under a new pod at every scrape. */
  readonly churning_samples_per_second: number;
  /** All lines in another order at every scrape. */
  readonly shuffled_samples_per_second: number;
  /** A time on every line, as federation prints. */
  readonly stamped_samples_per_second: number;
  /** Many targets in turns: what a parser remembers is in no cache of the processor when its turn comes. */
  readonly many_targets_samples_per_second: number;
  /** A parser that has never seen the target: every series is learnt. */
  readonly first_samples_per_second: number;
  readonly samples_per_scrape: number;
  readonly bytes_per_line: number;
}

const GPUS = 8;
const LINES_A_GPU = 50;
const BODIES = 32;
const TARGETS = 1_024;
const FIRST_MS = 1_767_225_600_000;

type Variant = 'steady' | 'churning' | 'shuffled' | 'stamped';

/** Deterministic: every scrape differs in its values, and in what the variant changes. */
export function expositionPage(scrape: number, variant: Variant): Uint8Array {
  const lines: string[] = [];
  METRICS.slice(0, LINES_A_GPU).forEach((metric, m) => {
    const name = metric.exporter_names[0] as string;
    if (variant !== 'shuffled') lines.push(`# HELP ${name} ${metric.help}`, `# TYPE ${name} gauge`);
    for (let gpu = 0; gpu < GPUS; gpu++) {
      const pod = variant === 'churning' && gpu === scrape % GPUS ? `train-${scrape}` : 'train-0';
      const uuid = `GPU-${String(gpu).repeat(8)}-5f3c-4e1b-9b7a-0c1d2e3f4a5b`;
      const labels = `gpu="${gpu}",UUID="${uuid}",pci_bus_id="00000000:${gpu}3:00.0",device="nvidia${gpu}",modelName="NVIDIA H100 80GB HBM3",Hostname="gpu-node-0017",DCGM_FI_DRIVER_VERSION="580.105.08",container="main",namespace="research",pod="${pod}"`;
      const value =
        metric.unit === 'ratio' && metric.scale === 1
          ? `0.${100_000 + ((scrape * 977 + m) % 899_999)}`
          : `${(scrape * 31 + m * 7 + gpu) % 64}`;
      lines.push(`${name}{${labels}} ${value}${variant === 'stamped' ? ` ${FIRST_MS + 1_000 * scrape}` : ''}`);
    }
  });
  if (variant === 'shuffled') {
    for (let i = lines.length - 1, state = scrape + 1; i > 0; i--) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const j = state % (i + 1);
      [lines[i], lines[j]] = [lines[j] as string, lines[i] as string];
    }
  }
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

/**
 * Parses generated scrapes (8 GPUs x 50 lines of some 270 bytes with HELP and TYPE) for `seconds` per variant, from bytes
 * to normalised scrapes, and tells samples a second of wall time on the calling thread.
 */
export async function benchParser(options: { seconds: number; clock?: Clock }): Promise<ParserFigures> {
  const clock = options.clock ?? systemClock;
  const samples = GPUS * LINES_A_GPU;
  const measure = (bodies: readonly Uint8Array[], fresh: boolean, targets = 1): number => {
    const parsers = Array.from({ length: targets }, () => new ExpositionParser());
    let turn = 0;
    const round = (): void => {
      bodies.forEach((text, i) => {
        const parser = fresh ? new ExpositionParser() : (parsers[turn++ % targets] as ExpositionParser);
        const [scrape] = parser.parse(text, { fallback_node: '', ts: i });
        if (scrape?.gpus.length !== GPUS) throw new Error(`expected ${GPUS} GPUs, read ${scrape?.gpus.length}`);
      });
    };
    do round();
    while (turn < targets && !fresh);
    const start = clock.monotonic();
    let scrapes = 0;
    let elapsed = 0;
    while (elapsed < options.seconds * 1_000) {
      round();
      scrapes += bodies.length;
      elapsed = clock.monotonic() - start;
    }
    return Math.round((scrapes * samples * 1_000) / elapsed);
  };
  const bodies = (variant: Variant): Uint8Array[] =>
    Array.from({ length: BODIES }, (_, scrape) => expositionPage(scrape, variant));
  const steady = bodies('steady');
  const lines = new TextDecoder()
    .decode(steady[0])
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return {
    samples_per_second: measure(steady, false),
    churning_samples_per_second: measure(bodies('churning'), false),
    shuffled_samples_per_second: measure(bodies('shuffled'), false),
    stamped_samples_per_second: measure(bodies('stamped'), false),
    many_targets_samples_per_second: measure(steady, false, TARGETS),
    first_samples_per_second: measure(steady, true),
    samples_per_scrape: samples,
    bytes_per_line: Math.round(lines.reduce((sum, line) => sum + line.length + 1, 0) / lines.length),
  };
}
