import { describe, expect, it } from 'vitest';
import { METRICS } from '../contract/metrics.ts';
import {
  DIALECT_1,
  DIALECT_3,
  DIALECT_4,
  DIALECT_46,
  DIALECT_MIG,
  encode,
  seededRandom,
  UUID_A,
} from './exposition.fixture.ts';
import { expectTwins } from './exposition-compare.fixture.ts';
import { ExpositionParser, UnreadableScrape } from './exposition-parser.ts';

const CONTEXT = { fallback_node: 'fallback', ts: 1_767_225_600_000 };
const NAMES = METRICS.flatMap((spec) => [...spec.exporter_names, ...(spec.fallback?.exporter_names ?? [])]).concat([
  'DCGM_EXP_XID_ERRORS_COUNT',
  'go_goroutines',
  'DCGM_FI_DEV_FAN_SPEED',
]);

/** A body of random series, orders, spacings, values and small damages. */
function randomBody(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const maybe = (share: number, text: string): string => (random() < share ? text : '');
  const gpus = 1 + Math.floor(random() * 4);
  const lines: string[] = [];
  const count = 5 + Math.floor(random() * 120);
  for (let i = 0; i < count; i++) {
    const gpu = Math.floor(random() * gpus);
    const comma = pick([',', ', ', ' ,']);
    const labels = [
      maybe(0.9, `gpu="${gpu}"`),
      maybe(0.93, `${pick(['UUID', 'UUID', 'uuid', 'gpu_uuid'])}="GPU-${gpu}"`),
      maybe(0.5, `modelName="${pick(['L4', 'a \\"b\\" \\\\', '} # é☃,'])}"`),
      maybe(0.2, `GPU_I_ID="${pick([1, 2])}"`),
      maybe(0.6, `${pick(['Hostname', 'hostname'])}="${pick(['h', 'h', 'h', 'other'])}"`),
      maybe(0.3, `pod="${pick(['', 'p1', 'p2'])}"${comma}namespace="n"`),
      maybe(0.1, `hpc_job="${pick(['7', '8'])}"`),
      maybe(0.1, `xid="${pick([31, 79])}"`),
      maybe(0.03, 'nvlink="3"'),
      maybe(0.3, `pci_bus_id="00000000:0${gpu}:00.0"`),
    ].filter((label) => label !== '');
    const number = random();
    const value = pick([
      String(Math.floor(number * 100)),
      number.toFixed(6),
      (number * 1e6).toFixed(3),
      `${(number * 9).toFixed(2)}e+0${Math.floor(number * 9)}`,
      String(number * 1e12),
      pick([
        '0',
        '-0',
        '-3',
        'NaN',
        '+Inf',
        '-Inf',
        '2147483633',
        '140737488355330',
        '9223372036854775807',
        '4294967295',
      ]),
      pick(['0', '1', '1', '<<<NOT_SUPPORTED>>>', 'abc', '1_2']),
    ]);
    const braces = labels.length > 0 ? `${maybe(0.1, ' ')}{${maybe(0.1, ' ')}${labels.join(comma)}}` : '';
    const stamp = maybe(0.05, ` ${pick(['1767225600123', '1767225601', '1767225601.25', '0'])}`);
    lines.push(`${pick(NAMES)}${braces}${pick([' ', ' ', '  '])}${value}${stamp}${maybe(0.05, ' # {a="b"} 1')}`);
    if (random() < 0.05)
      lines.push(pick(['# HELP x y', '# TYPE DCGM_FI_DEV_GPU_TEMP counter', '', '0bad 1', 'a{b="c} 1']));
  }
  lines.push(`DCGM_FI_DEV_GPU_TEMP{UUID="${UUID_A}"} 45`);
  return lines.join(random() < 0.2 ? '\r\n' : '\n') + maybe(0.5, '\n');
}

/** The next scrape of the same target: other values, some lines gone, repeated or elsewhere. */
function disturb(body: string, random: () => number): string {
  const lines = body
    .split('\n')
    .map((line) => (random() < 0.5 ? line.replace(/ \d+$/, ` ${Math.floor(random() * 90)}`) : line));
  for (let i = 0; i < 3; i++) {
    const at = Math.floor(random() * lines.length);
    const [line = ''] = lines.splice(at, 1);
    if (random() < 0.5) lines.splice(Math.floor(random() * lines.length), 0, line);
  }
  return random() < 0.1 ? lines.reverse().join('\n') : lines.join('\n');
}

describe('against the twin', () => {
  it('reads 150 random bodies alike, each with a cold parser', () => {
    const random = seededRandom(11);
    for (let i = 0; i < 150; i++) expectTwins(new ExpositionParser(), randomBody(random));
  });

  it('reads 25 targets alike over 8 disturbed scrapes each, with a warm parser', () => {
    const random = seededRandom(12);
    for (let target = 0; target < 25; target++) {
      let body = randomBody(random).replace(/^.*GPU_UTIL_RATIO.*$/gm, '');
      const parser = new ExpositionParser();
      for (let scrape = 0; scrape < 8; scrape++) {
        expectTwins(parser, `${body}\nup 1`);
        body = disturb(body, random);
      }
    }
  });

  it('reads orders alike that defeat every expectation', () => {
    const random = seededRandom(13);
    const parser = new ExpositionParser();
    const lines = (DIALECT_3 + DIALECT_46 + DIALECT_4 + DIALECT_MIG + DIALECT_1).trimEnd().split('\n');
    for (let i = 0; i < 60; i++) {
      for (let j = lines.length - 1; j > 0; j--) {
        const k = Math.floor(random() * (j + 1));
        [lines[j], lines[k]] = [lines[k] as string, lines[j] as string];
      }
      expectTwins(
        parser,
        lines
          .slice(0, 1 + Math.floor(random() * lines.length))
          .concat('up 1')
          .join('\n'),
      );
    }
  });

  it('is not misled by series of which one is the beginning of the other', () => {
    const parser = new ExpositionParser();
    const label = `{UUID="${UUID_A}"}`;
    for (const body of [
      `DCGM_FI_DEV_GPU_TEMP${label} 1\nDCGM_FI_DEV_GPU_TEMP 2\n`,
      `DCGM_FI_DEV_GPU_TEMP_CELSIUS${label} 3\nDCGM_FI_DEV_GPU_TEMP ${label} 4\n`,
      `DCGM_FI_DEV_GPU_TEMP${label}  5\nDCGM_FI_DEV_GPU_TEMP${label} 6\n`,
      `DCGM_FI_DEV_GPU_TEMP ${label} 7\n`,
      `DCGM_FI_DEV_GPU_TEMP${label}8\n`,
      `DCGM_FI_DEV_GPU_TEMP 9\n`,
    ]) {
      expectTwins(parser, body);
    }
  });
});

describe('hostile input', () => {
  it('never crashes on mutated bytes, and reads on afterwards', () => {
    const random = seededRandom(14);
    const parser = new ExpositionParser();
    const bodies = [DIALECT_1, DIALECT_3, DIALECT_4, DIALECT_46, DIALECT_MIG].map(encode);
    let read = 0;
    for (let i = 0; i < 2_000; i++) {
      const body = Uint8Array.from(bodies[i % bodies.length] as Uint8Array);
      const edits = 1 + Math.floor(random() * 12);
      for (let e = 0; e < edits; e++) {
        const byte =
          random() < 0.5 ? Math.floor(random() * 256) : '{}"\\\n\r\t #,=0.e-'.charCodeAt(Math.floor(random() * 16));
        body[Math.floor(random() * body.length)] = byte;
      }
      const cut = body.subarray(0, random() < 0.3 ? Math.floor(random() * body.length) : body.length);
      try {
        for (const scrape of parser.parse(cut, CONTEXT)) {
          read += scrape.gpus.length;
          for (const gpu of scrape.gpus) {
            gpu.values.forEach((value, m) => {
              const { name, min, max } = METRICS[m] as (typeof METRICS)[number];
              if (!Number.isNaN(value) && !(value >= min && value <= max)) expect.fail(`${name} ${value}`);
            });
          }
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableScrape);
      }
    }
    expect(read).toBeGreaterThan(1_500);
    expect(parser.parse(encode(DIALECT_3), CONTEXT)).toEqual(new ExpositionParser().parse(encode(DIALECT_3), CONTEXT));
  });

  it('reads noise as no scrape', () => {
    const random = seededRandom(15);
    const parser = new ExpositionParser();
    for (let i = 0; i < 300; i++) {
      const noise = Uint8Array.from({ length: Math.floor(random() * 400) }, () => 128 + Math.floor(random() * 128));
      expect(() => parser.parse(noise, CONTEXT)).toThrow(UnreadableScrape);
    }
  });

  it('holds a bounded cache while pods, metrics and GPUs come and go for 1,000 scrapes', () => {
    const parser = new ExpositionParser();
    let largest = 0;
    for (let scrape = 0; scrape < 1_000; scrape++) {
      const lines = Array.from({ length: 8 }, (_, gpu) =>
        ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_POWER_USAGE', `made_up_${scrape}_${gpu}`].map(
          (name) => `${name}{UUID="GPU-${scrape}-${gpu}",Hostname="h${scrape}",pod="p${scrape}"} ${gpu}`,
        ),
      ).flat();
      const [only] = parser.parse(encode(lines.join('\n')), CONTEXT);
      expect(only?.gpus.length).toBe(8);
      expect(only?.gpus[7]?.uuid).toBe(`GPU-${scrape}-7`);
      largest = Math.max(largest, parser.cached);
    }
    expect(largest).toBeGreaterThan(50);
    expect(largest).toBeLessThan(500);
  });

  it('forgets what a target throws at it that is no scrape at all', () => {
    const parser = new ExpositionParser();
    for (let i = 0; i < 50; i++) {
      const junk = Array.from({ length: 200 }, (_, j) => `word${i}_${j}{a="${i * j}"} none`).join('\n');
      expect(() => parser.parse(encode(junk), CONTEXT)).toThrow(UnreadableScrape);
      expect(parser.cached).toBeLessThan(1_200);
    }
  });
});
