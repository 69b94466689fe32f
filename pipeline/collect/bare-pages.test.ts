import { expect, it } from 'vitest';
import { BarePages } from './bare-pages.ts';
import { ExpositionParser, UnreadableScrape } from './exposition-parser.ts';

const TS = Date.UTC(2026, 0, 1);
const gpu = (host: string, uuid = 'GPU-1'): string =>
  `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="${uuid}",modelName="Tesla T4",Hostname="${host}"} 40\n`;
const CPU = 'DCGM_FI_DEV_CPU_UTIL_TOTAL{cpu="0",Hostname="n1"} 0.4\n';
const REFUSED = 'DCGM_FI_DEV_GPU_TEMP{gpu="0",modelName="Tesla T4",Hostname="n1"} 40\n';

/** `node gpus` of what pages of one target become, page by page. */
function read(...pages: readonly string[]): string[][] {
  const reader = new BarePages(new ExpositionParser(), () => undefined);
  return pages.map((page) =>
    reader
      .parse(Buffer.from(page), { fallback_node: '10.0.0.1:9400', ts: TS })
      .map(({ node, ts, gpus }) => `${node} ${gpus.length}${ts === TS ? '' : ' at another time'}`),
  );
}

it.each([
  ['that has only other metrics', CPU],
  ['of comments', '# HELP DCGM_FI_DEV_GPU_TEMP GPU temperature.\n\n# EOF\n'],
  ['without a byte', ''],
])('a page %s tells that the GPUs of the node are gone, whoever it names', (_, bare) => {
  expect(read(gpu('n1'), bare, bare, gpu('n1'))).toEqual([['n1 1'], ['n1 0'], ['n1 0'], ['n1 1']]);
});

it('says nothing of GPUs where none were seen, or those of several nodes', () => {
  expect(read(CPU, CPU)).toEqual([[], []]);
  expect(read(gpu('n1') + gpu('n2', 'GPU-2'), CPU)).toEqual([['n1 1', 'n2 1'], []]);
  expect(read(gpu('n2') + CPU, CPU)).toEqual([['n2 1'], []]);
});

it('has refused GPUs be no absent ones', () => {
  const reader = new BarePages(new ExpositionParser(), () => undefined);
  const context = { fallback_node: 'n1', ts: TS };
  reader.parse(Buffer.from(gpu('n1')), context);
  expect(reader.parse(Buffer.from(REFUSED + CPU), context)).toMatchObject([{ node: 'n1', gpus: [], refusals: [{}] }]);
});

it('says whom a scrape without an answer was meant for', () => {
  const reader = new BarePages(new ExpositionParser(), () => undefined);
  const vain = (...given: string[]): string[] =>
    reader
      .unanswered('GV-COL-001', TS, given)
      .map(({ node, unanswered, gpus }) => `${node} ${unanswered} ${gpus.length}`);
  expect([vain(), vain('n9')]).toEqual([[], ['n9 GV-COL-001 0']]);
  reader.parse(Buffer.from(gpu('n1') + gpu('n2', 'GPU-2')), { fallback_node: '10.0.0.1:9400', ts: TS });
  expect(vain('n9')).toEqual(['n1 GV-COL-001 0', 'n2 GV-COL-001 0']);
  reader.parse(Buffer.from(gpu('n1') + CPU), { fallback_node: '10.0.0.1:9400', ts: TS });
  reader.parse(Buffer.from(CPU), { fallback_node: '10.0.0.1:9400', ts: TS });
  expect(vain('n9')).toEqual(['n1 GV-COL-001 0']);
});

it('leaves what cannot be read unread', () => {
  expect(() => read('')).toThrow(UnreadableScrape);
  expect(() => read(gpu('n1'), '<html>bad gateway</html>')).toThrow(UnreadableScrape);
});

it('hands what it leaves out to who counts', () => {
  const counted: number[] = [];
  const reader = new BarePages(new ExpositionParser(), ({ unknown_metrics }) => counted.push(unknown_metrics));
  for (const page of [CPU, gpu('n1'), CPU]) reader.parse(Buffer.from(page), { fallback_node: 'n1', ts: TS });
  expect(counted).toEqual([1, 1]);
});
