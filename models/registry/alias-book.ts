import { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';

const HISTORY_MAX = 1_000;
/** How far back an alias can be rolled. */
const BEFORE_MAX = 100;

const version = z.int().positive();
const aliasName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);

const aliasEntry = z.object({
  /** Epoch ms. */
  at: z.int(),
  alias: aliasName,
  from: version.nullable(),
  to: version.nullable(),
  by: z.string(),
  why: z.string(),
});

/** All aliases of a registry, as one document: whoever changes it replaces the state that it has read, or reads again. */
export const aliasBook = z.object({
  aliases: z.record(
    aliasName,
    z.object({
      version: version.nullable(),
      /** Versions that it had before, oldest first: what rollbacks take from. */
      before: z.array(version),
    }),
  ),
  history: z.array(aliasEntry),
});

export type AliasEntry = z.output<typeof aliasEntry>;
export type AliasBook = z.output<typeof aliasBook>;

export const EMPTY_BOOK: AliasBook = { aliases: {}, history: [] };

/** Who changes an alias, when and why. */
export interface BookChange {
  readonly at: number;
  readonly by: string;
  readonly why: string;
}

/** The version that an alias points to; null when to none. */
export const versionOf = (book: AliasBook, alias: string): number | null => stateOf(book, alias).version;

export function pointAlias(book: AliasBook, alias: string, to: number, change: BookChange): AliasBook {
  requireName(alias);
  const { version: from, before } = stateOf(book, alias);
  if (from === to) return book;
  return changed(book, { alias, from, to, ...change }, from === null ? before : [...before, from]);
}

export function dropAlias(book: AliasBook, alias: string, change: BookChange): AliasBook {
  requireName(alias);
  const { version: from, before } = stateOf(book, alias);
  if (from === null) return book;
  return changed(book, { alias, from, to: null, ...change }, [...before, from]);
}

/** Throws VitalsError GV-MDL-104 when the alias had no version before. */
export function rollBackAlias(book: AliasBook, alias: string, change: BookChange): { book: AliasBook; to: number } {
  requireName(alias);
  const { version: from, before } = stateOf(book, alias);
  const to = before.at(-1);
  if (to === undefined) {
    const now = from === null ? 'points to no version' : `points to version ${from}`;
    throw new VitalsError('GV-MDL-104', `${alias} ${now} and had none before`, '');
  }
  return { book: changed(book, { alias, from, to, ...change }, before.slice(0, -1)), to };
}

/** Throws VitalsError GV-MDL-103 when a text cannot be an alias. */
function requireName(alias: string): void {
  if (!aliasName.safeParse(alias).success) {
    throw new VitalsError('GV-MDL-103', `${JSON.stringify(alias)} cannot be an alias`, '', {
      action: 'Use a lower-case letter, then up to 62 lower-case letters, digits and hyphens.',
    });
  }
}

function stateOf(book: AliasBook, alias: string): AliasBook['aliases'][string] {
  const state = Object.hasOwn(book.aliases, alias) ? book.aliases[alias] : undefined;
  return state ?? { version: null, before: [] };
}

function changed(book: AliasBook, entry: AliasEntry, before: readonly number[]): AliasBook {
  return {
    aliases: { ...book.aliases, [entry.alias]: { version: entry.to, before: before.slice(-BEFORE_MAX) } },
    history: [...book.history, entry].slice(-HISTORY_MAX),
  };
}
