import { crc32 } from 'node:zlib';
import { GroupState } from '../../../operators/core/group-state.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import type { StateSpec } from '../../../pipeline/contract/operator.ts';
import { SnapshotFiles } from '../../../pipeline/snapshot-files.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../pipeline/snapshot-format.ts';
import { bytesOf, type FuzzTarget, law, lawSame } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';

const SPEC = {
  mean: { scope: 'gpu', type: 'f64', width: 2, initial: 0 },
  seen: { scope: 'node', type: 'u32', width: 1, initial: 7 },
  open: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  clock: { scope: 'group', type: 'f64', width: 1, initial: 0 },
} as const satisfies StateSpec;
const SPECS: ReadonlyMap<string, StateSpec> = new Map([['step', SPEC]]);
const CRC_BYTES = 4;

function saved(): Uint8Array {
  const state = new GroupState(7);
  const node = state.registry.node('n1');
  const who = { uuid: 'GPU-1', instance: '', model: 'H100', pci_bus_id: '', serial: '', slot: '0' };
  state.registry.gpu(who, node);
  state.registry.gpu({ ...who, instance: '3' }, node);
  state.registry.attribution([{ namespace: 'ai', pod: 'p', container: '', job: '' }]);
  state.registry.see(0, node, 1, SAMPLE_TS);
  const columns = state.columns('step', SPEC);
  columns.mean[0] = 61.5;
  columns.open[0] = { since: SAMPLE_TS, peak: 99 };
  state.position = 42;
  return Uint8Array.from(Buffer.concat(encodeSnapshot(state.save())));
}

const MANIFEST = JSON.stringify({ stream: '2026-01-01T00:00:00Z', groups: { '7': { saved: 42, covered: 50 } } });
const MANIFEST_FILE = `${MANIFEST}\n${crc32(MANIFEST)}`;

/** A group's snapshot, or the manifest: damage reads as nothing there; what is read restores, and saves the same again. */
export const snapshots: FuzzTarget = {
  name: 'snapshots',
  summary: "files of the engine's state",
  seeds: [saved(), bytesOf(MANIFEST_FILE), bytesOf(MANIFEST), ...keptInputs('snapshots')],
  words: [
    'GPVSNAP1',
    '"columns":[',
    '"width":',
    '"bytes":',
    '"type":"f64"',
    '"record"',
    '"groups":',
    '"gpus":',
    '"position":',
  ],
  bytes_max: 16_384,
  grown_bytes_max: 1_048_576,
  mend: withChecksum,
  async feed(input) {
    const manifest = await manifestOf(input);
    if (manifest !== null) {
      for (const [name, { saved, covered }] of Object.entries(manifest.groups)) {
        law(/^\d+$/.test(name) && saved >= 0 && covered >= 0, `group ${name} at ${saved}, ${covered}`);
      }
      return true;
    }
    const group = decodeSnapshot(input);
    if (typeof group === 'string') return false;
    const state = GroupState.restore(group, SPECS);
    const again = decodeSnapshot(Buffer.concat(encodeSnapshot(state.save())));
    law(typeof again !== 'string', `written again it is ${String(again)}`);
    lawSame(GroupState.restore(again, SPECS).save(), state.save(), 'restored twice');
    return true;
  },
};

async function manifestOf(input: Uint8Array) {
  const read = async (): Promise<Uint8Array> => input;
  const disk = { read, write: async () => {}, rename: async () => {}, remove: async () => {} };
  const files = new SnapshotFiles('fuzz', (error) => law(error instanceof VitalsError, 'told of something else'), disk);
  return input[0] === 0x7b ? files.readManifest() : null;
}

/** A snapshot ends with its checksum, a manifest has it in its second line. */
function withChecksum(input: Uint8Array): Uint8Array {
  if (input[0] === 0x7b) {
    const json = Buffer.from(input).toString('utf8').split('\n')[0] ?? '';
    return bytesOf(`${json}\n${crc32(json)}`);
  }
  if (input.length < 2 * CRC_BYTES) return input;
  const mended = Buffer.from(input);
  mended.writeUInt32LE(crc32(mended.subarray(0, -CRC_BYTES)), mended.length - CRC_BYTES);
  return mended;
}
