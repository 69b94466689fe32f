import { liking } from '../cluster/rendezvous.ts';

/**
 * Which collector scrapes a target; null while nobody is there. It depends on the target's URL and the set of names only, so
 * that all collectors come to the same answer by themselves; one that comes or goes moves its own targets only.
 * Cost: a hash a name.
 */
export function targetOwner(key: string, names: readonly string[]): string | null {
  let owner: string | null = null;
  let most = -1;
  for (const name of names) {
    const much = liking(key, name);
    if (much > most || (much === most && owner !== null && name < owner)) {
      owner = name;
      most = much;
    }
  }
  return owner;
}
