import type { Fleet } from './fleet.ts';

/** Lines of one metric, and what is said about it in front of them. */
interface Family {
  about: string;
  samples: string;
}

const NAME = /^(?:# (?:HELP|TYPE) )?(\w+)/;

/**
 * The pages of all nodes that answer as one, as a federation would serve them: every metric in one piece, every line with its
 * host. Some 18 KB a GPU.
 */
export function fleetPage(fleet: Fleet, ts_ms: number, options: { readonly timestamps: boolean }): string {
  const families = new Map<string, Family>();
  for (const node of fleet.node_names) {
    const page = fleet.exposition(node, ts_ms, { ...options, beside_others: true });
    if (page === null) continue;
    const told = new Set<Family>();
    for (const line of page.split('\n')) {
      const name = NAME.exec(line)?.[1];
      if (name === undefined) continue;
      const family = families.get(name) ?? { about: '', samples: '' };
      families.set(name, family);
      if (line.startsWith('#')) {
        if (family.about === '' || told.has(family)) {
          told.add(family);
          family.about += `${line}\n`;
        }
      } else family.samples += `${line}\n`;
    }
  }
  let text = '';
  for (const { about, samples } of families.values()) text += about + samples;
  return text;
}
