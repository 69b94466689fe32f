import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isOwnStream } from '../bus/stream-copy.ts';
import { VitalsError } from '../contract/errors.ts';
import { TABLES } from '../contract/tables.ts';

/** Raised when a backup of this release would be read wrongly by the one before. */
export const BACKUP_VERSION = 1;
export const MANIFEST_FILE = 'manifest.json';

const fileSchema = z.strictObject({
  /** Inside the backup, with `/` between folders. */
  path: z.string().regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)*$/, 'must be a file of the backup'),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[\da-f]{64}$/),
});
export type BackupFile = z.output<typeof fileSchema>;

const manifestSchema = z.strictObject({
  backup_version: z.number().int(),
  /** Release that made it. */
  made_by: z.string(),
  /** Epoch ms. */
  started_at: z.number(),
  finished_at: z.number(),
  streams: z.array(
    z
      .strictObject({
        name: z.string().refine(isOwnStream, 'is no stream of ours'),
        messages: z.number().int().nonnegative(),
        /** When the server made it: what remembers positions knows the stream by it. */
        created: z.string(),
        config: z.record(z.string(), z.unknown()),
        state: z.record(z.string(), z.unknown()),
        file: fileSchema,
      })
      .refine(({ name, config }) => config.name === name, 'its settings are of another stream'),
  ),
  tables: z.array(
    z.strictObject({
      name: z.enum(
        TABLES.map(({ name }) => name),
        'is no table of ours',
      ),
      columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
      rows: z.number().int().nonnegative(),
      files: z.array(fileSchema.extend({ rows: z.number().int().nonnegative() })),
    }),
  ),
  /** Newest snapshot of every group, and what says which they are; none when they are not in this data folder. */
  snapshots: z.array(fileSchema),
  config: fileSchema,
});
export type BackupManifest = z.output<typeof manifestSchema>;

export const allFiles = (manifest: BackupManifest): readonly BackupFile[] => [
  ...manifest.streams.map(({ file }) => file),
  ...manifest.tables.flatMap(({ files }) => files),
  ...manifest.snapshots,
  manifest.config,
];

/** Throws VitalsError GV-CLI-002 when there is none, GV-BKP-001 when it is damaged, GV-BKP-003 when a newer release made it. */
export async function readManifest(dir: string): Promise<BackupManifest> {
  const path = join(dir, MANIFEST_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'there is no finished backup: its manifest cannot be read', path, { cause });
  }
  return parseManifest(text, path);
}

/** Throws VitalsError GV-BKP-001 when it is damaged or names what is none of ours, GV-BKP-003 when a newer release made it. */
export function parseManifest(text: string, where: string): BackupManifest {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch (cause) {
    throw new VitalsError('GV-BKP-001', 'the manifest is not JSON', where, { cause });
  }
  const version = z.looseObject({ backup_version: z.number() }).safeParse(told).data?.backup_version;
  if (version !== undefined && version > BACKUP_VERSION) {
    throw new VitalsError(
      'GV-BKP-003',
      `the backup has format ${version}, this release reads ${BACKUP_VERSION}`,
      where,
    );
  }
  const manifest = manifestSchema.safeParse(told);
  if (manifest.success) return manifest.data;
  const [issue] = manifest.error.issues;
  throw new VitalsError('GV-BKP-001', `${issue?.path.join('.')}: ${issue?.message}`, where);
}
