import { VitalsError } from '../../pipeline/contract/errors.ts';

/** One page of a list, as REST answers it. */
export interface Page<Row> {
  readonly items: Row[];
  /** Pass as `cursor` for the next page; null on the last one. */
  readonly next: string | null;
  /** Rows that match over all pages. */
  readonly total: number;
}

export interface PageRequest {
  /** Rows a page, 1..1000. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** An opaque cursor from the sort keys of the last row of a page. */
export const encodeCursor = (...keys: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(keys)).toString('base64url');

/** The sort keys again; `kinds` says what they must be. Throws GV-API-001 on a text that is no cursor of ours. */
export function decodeCursor(cursor: string, kinds: readonly ('number' | 'string')[]): (string | number)[] {
  try {
    const keys: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(keys) && keys.length === kinds.length && keys.every((key, i) => typeof key === kinds[i])) {
      return keys;
    }
  } catch {
    // Told below like any other text that is no cursor.
  }
  throw new VitalsError('GV-API-001', 'The cursor is not one that this list gave', 'cursor');
}
