import { gzipSync } from 'node:zlib';

/** An input that once broke a law, and how; fed again in every run. */
interface KeptInput {
  readonly target: string;
  /** What went wrong. */
  readonly why: string;
  readonly input: () => Uint8Array;
}

const text = (parts: string | readonly string[]): Uint8Array =>
  Buffer.from(typeof parts === 'string' ? parts : parts.join(''), 'utf8');
const base64 = (encoded: string): Uint8Array => Uint8Array.from(Buffer.from(encoded, 'base64'));

const GPU = 'UUID="a",Hostname="n1"';
/** A manifest of a model with its last field open. */
const MANIFEST = `{"version":1,"created_at":1,"sha256":"${'ab'.repeat(32)}","size_bytes":8,"lineage":{"params":`;

export const KEPT_INPUTS: readonly KeptInput[] = [
  {
    target: 'exposition',
    why: 'a value of digits that ends otherwise took the square of its length',
    input: () => text([`DCGM_FI_DEV_GPU_TEMP{${GPU}} `, '1'.repeat(300_000), 'x\n']),
  },
  {
    target: 'exposition',
    why: 'blanks behind a value took the square of their number',
    input: () => text([`DCGM_FI_DEV_GPU_TEMP{${GPU}} 61`, ' '.repeat(300_000), '#\n']),
  },
  {
    target: 'exposition',
    why: 'window counts of XIDs took the square of their number',
    input: () => text(Array.from({ length: 20_000 }, (_, n) => `DCGM_EXP_XID_ERRORS_COUNT{${GPU},xid="${n + 1}"} 1\n`)),
  },
  {
    target: 'exposition',
    why: 'hosts of a federated body took the square of their number',
    input: () => text(Array.from({ length: 20_000 }, (_, n) => `dcgm_gpu_temp{uuid="a",Hostname="n${n}"} 1\n`)),
  },
  {
    target: 'exposition',
    why: 'users of one GPU took the square of their number',
    input: () => text(Array.from({ length: 20_000 }, (_, n) => `dcgm_gpu_temp{uuid="a",pod="p${n}"} 1\n`)),
  },
  {
    target: 'exposition',
    why: 'half a count of an XID made a message that nobody could read',
    input: () => text(`DCGM_EXP_XID_ERRORS_COUNT{${GPU},xid="79"} 0.5\n`),
  },
  {
    target: 'exposition',
    why: 'lines before the first sample of a text of two instants were too many for the stack',
    input: () =>
      text([
        '!\n'.repeat(200_000),
        'dcgm_gpu_temp{uuid="a"} 1 1767225600000\n',
        'dcgm_gpu_temp{uuid="a"} 2 1767225601000\n',
      ]),
  },
  {
    target: 'messages',
    why: 'a list of XIDs took the square of its length',
    input: () => text(`{"gpu_uuid":"a","xids":[${Array.from({ length: 65_000 }, (_, n) => n + 1)}]}`),
  },
  {
    target: 'replay',
    why: 'half a count of an XID made a message that nobody could read',
    input: () => text('timestamp,metric_name,value,labels,\n1,DCGM_EXP_XID_ERRORS_COUNT,.4,"xid=""7a",'),
  },
  {
    target: 'replay',
    why: 'a cell of digits and an end of line took the square of its length',
    input: () => text(['timestamp,temperature.gpu\n1767225600,"', '1'.repeat(300_000), 'x\ny"\n']),
  },
  {
    target: 'replay',
    why: 'brackets in a header took the square of their number',
    input: () => text(['timestamp,temperature.gpu,', '['.repeat(300_000), '\n1767225600,61,1\n']),
  },
  {
    target: 'replay',
    why: 'what every object has passed for a unit, a word and a column',
    input: () =>
      text(
        'timestamp,constructor,temperature.gpu,toString,clocks_event_reasons.constructor\n1,1,5 constructor,1,Active\n',
      ),
  },
  {
    target: 'asset-csv',
    why: 'columns of a header were too many for the stack, and each was looked for among all',
    input: () => text(['gpu_uuid', ',x'.repeat(300_000), '\nGPU-1\n']),
  },
  {
    target: 'label-csv',
    why: 'columns of a header were too many for the stack, and each was looked for among all',
    input: () => text(['gpu_uuid,failed_at,type', ',x'.repeat(300_000), '\n']),
  },
  {
    target: 'config',
    why: 'an unknown option was compared with all others, however long it was',
    input: () => text([`${'gpus'.repeat(16_000)}: 1\n`]),
  },
  {
    target: 'config',
    why: 'every mistake was drawn with the lines around it',
    input: () => text(Array.from({ length: 2_000 }, () => '{"interval": "10s"}}]')),
  },
  {
    target: 'config',
    why: 'a rule that has what every object has',
    input: () => text('alert-rules: {thermal: {constructor: 1}}\n'),
  },
  {
    target: 'registry',
    why: 'parameters nested by the thousand exhausted the stack',
    input: () => text([MANIFEST, '{"a":'.repeat(20_000), '0', '}'.repeat(20_000), '}}']),
  },
  {
    target: 'snapshots',
    why: 'a manifest was believed whatever stood in it',
    input: () => text('{"stream":"s","groups":{"7":{"saved":42,"covered":{"__proto__":50}}}}\n'),
  },
  { target: 'snapshots', why: 'groups that are null were gone through', input: () => text('{"groups":null}') },
  {
    target: 'backups',
    why: 'files outside the backup, and statements in names of tables',
    input: () => text('{"backup_version":1,"streams":[],"tables":[],"snapshots":[{"path":"../../etc/passwd"}]}'),
  },
  {
    target: 'frames',
    why: 'users of a GPU were believed to be pods',
    input: () =>
      base64(
        'R1BWRgEANQAhMLhKYWFhYVAAAABhYWFhYWFhYWFhYWEmAAEAAQAAAAAAAABhYWFhYWFhYWFhYWFbImFhYWFhIiwiIiwiYWEiLCJhYWFhYWFhYWFhYSIsImEiLFtdXWFheAAAAGFhYWFhYWFhYWFhYU8AAQABAAAAAAAAAGFhYWFhYWFhYWFhYVsiYWFhYWEiLCJhIiwiYWEiLCIiLCIiLFt7ImFhYWFhYWFhYSI6ImFhIiwiYWFhIjoiYSIsImFhYWFhYWFhYSI6IiIsImFhYSI6IiJ9XV1h',
      ),
  },
  { target: 'documents', why: 'an answer of null to a publish', input: () => text('null') },
  {
    target: 'documents',
    why: 'an alert of an instant that no calendar has ended the live server',
    input: () => text('{"id":"a","state":"open","ts":1e300,"opened_at":1e300}'),
  },
  {
    target: 'documents',
    why: 'a desk without its lists, and a head of a thousand million parts',
    input: () => text('{"version":1,"writer":"w","slot":0,"parts":1e9,"id":"x"}'),
  },
  {
    target: 'replay',
    why: 'a host without end exhausted the stack of the expression that looks for it',
    input: () => text(['dcgm_gpu_temp{Hostname="', 'n'.repeat(20_000_000)]),
  },
  {
    target: 'replay',
    why: 'packed bytes that unpack to a thousand times as many',
    input: () => gzipSync(Buffer.alloc(4_000_000, 0x20)),
  },
];

export const keptInputs = (target: string): readonly Uint8Array[] =>
  KEPT_INPUTS.filter((one) => one.target === target).map(({ input }) => input());
