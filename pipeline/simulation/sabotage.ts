import { FLEET, type SavedGroup } from '../../operators/core/group-state.ts';
import type { RunningTopology } from '../running-topology.ts';
import type { SnapshotFiles } from '../snapshot-files.ts';

/** Mistakes that an engine could have, made on purpose: whoever looks for faults has to find these. */
export const SABOTAGES = [
  /** A group's snapshot says that it has some messages more than it has. */
  'position_too_far',
  /** Groups are written before their rows are safe. */
  'no_flush',
  /** What spans the groups comes back empty. */
  'fleet_forgotten',
  /** What spans the groups is as of one snapshot and says that it is as of the next. */
  'fleet_stale',
  /** One step's state is not in the snapshot. */
  'column_lost',
  /** The manifest says that more was covered than was. */
  'manifest_ahead',
  /** A process that starts does not know which alerts are stored. */
  'alerts_told_again',
  /** A reader leaves one message out after a cut. */
  'reader_skips',
] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** Breaks what writes and reads snapshots. */
export function breakFiles(files: SnapshotFiles, sabotage: Sabotage | null): void {
  const read = files.read.bind(files);
  const write = files.write.bind(files);
  const writeManifest = files.writeManifest.bind(files);
  switch (sabotage) {
    case 'position_too_far':
      files.write = (saved) => write(saved.group === FLEET ? saved : { ...saved, position: saved.position + 8 });
      break;
    case 'fleet_stale': {
      let before: SavedGroup | null = null;
      files.write = async (saved) => {
        if (saved.group !== FLEET) return write(saved);
        const { columns } = before ?? saved;
        before = saved;
        return write({ ...saved, columns });
      };
      break;
    }
    case 'fleet_forgotten':
      files.read = async (group, position_max) => {
        const saved = await read(group, position_max);
        return group === FLEET && saved !== null ? { ...saved, columns: [] } : saved;
      };
      break;
    case 'column_lost':
      files.write = (saved) =>
        write({ ...saved, columns: saved.columns.filter(({ step }) => !step.startsWith('board_alerts')) });
      break;
    case 'manifest_ahead':
      files.writeManifest = (manifest) =>
        writeManifest({
          ...manifest,
          groups: Object.fromEntries(
            Object.entries(manifest.groups).map(([name, entry]) => [name, { ...entry, covered: entry.covered + 5 }]),
          ),
        });
      break;
  }
}

/** Breaks what keeps the groups. */
export function breakGroups({ groups }: RunningTopology, sabotage: Sabotage | null): void {
  if (sabotage === 'no_flush') groups.flush = async () => undefined;
}
