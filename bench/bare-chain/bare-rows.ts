import { Client } from 'undici';
import { CHAIN_WIDTH, GPUS_PER_NODE, gpuUuid, nodeName } from '../chain-fleet.ts';
import { BARE_TABLE } from './bare-message.ts';

export const BARE_COLUMNS: readonly string[] = Array.from(
  { length: CHAIN_WIDTH },
  (_, m) => `m${String(m).padStart(2, '0')}`,
);
const DIGITS = 13;

export interface BareRows {
  add(gpu: number, ts: number, values: Float64Array, from: number): void;
  /** Sends what is there; resolves when all was taken. */
  flush(): Promise<void>;
  /** Rows that the database has taken. */
  readonly taken: number;
  close(): Promise<void>;
}

/** ILP version 2 from a template per GPU, sent over one HTTP connection in transactions of `rows_max` rows. */
export function bareRows(options: {
  readonly url: string;
  readonly gpus: number;
  readonly rows_max: number;
  readonly onTaken: (rows: number) => void;
}): BareRows {
  const { rows_max } = options;
  const client = new Client(options.url, { pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 });
  const prefixes = Array.from({ length: options.gpus }, (_, gpu) => {
    const node = Math.floor(gpu / GPUS_PER_NODE);
    return Buffer.from(`${BARE_TABLE},gpu=${gpuUuid(node, gpu % GPUS_PER_NODE)},node=${nodeName(node)}`);
  });
  const body = Buffer.from(
    `${BARE_COLUMNS.map((name, m) => `${m === 0 ? ' ' : ','}${name}==\u0010........`).join('')} ${'0'.repeat(DIGITS)}\n`,
    'latin1',
  );
  const firstValue = 1 + (BARE_COLUMNS[0] as string).length + 3;
  const stride = firstValue + 8;
  const digitsAt = CHAIN_WIDTH * stride + 1;
  const capacity = rows_max * ((prefixes.at(-1)?.length ?? 0) + 8 + body.length);

  const free: Uint8Array[] = [];
  let bytes: Uint8Array = new Uint8Array(capacity);
  let view = new DataView(bytes.buffer);
  let length = 0;
  let rows = 0;
  let taken = 0;
  let sending: Promise<void> = Promise.resolve();
  let failure: unknown = null;

  const post = async (chunk: Uint8Array, from: Uint8Array, count: number): Promise<void> => {
    const answer = await client.request({ path: '/write?precision=ms', method: 'POST', body: chunk });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`QuestDB answers ${answer.statusCode}: ${text}`);
    free.push(from);
    taken += count;
    options.onTaken(taken);
  };
  const send = (): void => {
    if (rows === 0) return;
    const [chunk, from, count] = [bytes.subarray(0, length), bytes, rows];
    sending = sending
      .then(() => post(chunk, from, count))
      .catch((error: unknown) => {
        failure ??= error;
      });
    bytes = free.pop() ?? new Uint8Array(capacity);
    view = new DataView(bytes.buffer);
    length = 0;
    rows = 0;
  };

  return {
    add(gpu, ts, values, from) {
      const prefix = prefixes[gpu] as Uint8Array;
      bytes.set(prefix, length);
      const at = length + prefix.length;
      bytes.set(body, at);
      for (let m = 0, to = at + firstValue; m < CHAIN_WIDTH; m++, to += stride) {
        view.setFloat64(to, values[from + m] as number, true);
      }
      let rest = ts;
      for (let digit = at + digitsAt + DIGITS - 1; digit >= at + digitsAt; digit--) {
        const tenth = Math.floor(rest / 10);
        bytes[digit] = 0x30 + (rest - tenth * 10);
        rest = tenth;
      }
      length = at + body.length;
      if (++rows === rows_max) send();
    },
    async flush() {
      send();
      await sending;
      if (failure !== null) throw failure;
    },
    get taken() {
      return taken;
    },
    close: () => client.destroy(),
  };
}
