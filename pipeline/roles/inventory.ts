import { readFileSync } from 'node:fs';
import { parseAssetsCsv } from '../asset-csv.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';

/** The configured inventory file, whole or not at all. Throws GV-CLI-002 naming every bad row. */
export function readInventory(config: { readonly assets: string }, now: number): readonly Asset[] {
  if (config.assets === '') return [];
  let text: string;
  try {
    text = readFileSync(config.assets, 'utf8');
  } catch (cause) {
    throw new VitalsError('GV-CLI-002', 'the inventory cannot be read', config.assets, { cause });
  }
  const { assets, problems } = parseAssetsCsv(text, now);
  if (problems.length > 0) {
    throw new VitalsError('GV-CLI-002', problems.join('; '), config.assets, { action: 'Mend these rows.' });
  }
  return assets;
}
