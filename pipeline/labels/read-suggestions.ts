import { allAssets } from '../../sinks/questdb/read-assets.ts';
import { readCriticalEpisodes, readLabels, readLastScored } from '../../sinks/questdb/read-labels.ts';
import type { Database } from '../contract/database.ts';
import { type LabelSuggestion, suggestLabels } from './suggest-labels.ts';

const RMA_WORD = /\brma\b/i;

/** Suggestions from what the tables hold now. Throws GV-API-003 when the database is away. */
export async function readSuggestions(database: Database): Promise<LabelSuggestion[]> {
  const [episodes, assets, labels] = await Promise.all([
    readCriticalEpisodes(database),
    allAssets(database),
    readLabels(database),
  ]);
  const undated = assets.filter(
    ({ retired_at, status, note }) =>
      retired_at === null && (status === 'retired' || RMA_WORD.test(status) || RMA_WORD.test(note)),
  );
  const last_seen = await readLastScored(
    database,
    undated.map(({ gpu_uuid }) => gpu_uuid),
  );
  return suggestLabels({ episodes, assets, labels, last_seen });
}
