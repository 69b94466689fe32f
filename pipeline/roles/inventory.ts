import { readFileSync } from 'node:fs';
import { type AssetTable, parseAssetsCsv } from '../asset-csv.ts';
import type { AssetFacts } from '../asset-merge.ts';
import { VitalsError } from '../contract/errors.ts';

/** An inventory file with all that is wrong in it. Throws GV-CLI-002 when it cannot be read. */
export function readInventoryFile(path: string): AssetTable {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the inventory cannot be read', path, { cause });
  }
  return parseAssetsCsv(text);
}

/** An inventory file, whole or not at all; nothing for no path. Throws GV-CLI-002 naming every bad row. */
export function readInventory(path: string): readonly AssetFacts[] {
  if (path === '') return [];
  const { rows, problems } = readInventoryFile(path);
  if (problems.length > 0) {
    throw new VitalsError('GV-CLI-002', problems.join('; '), path, { action: 'Mend these rows.' });
  }
  return rows;
}
