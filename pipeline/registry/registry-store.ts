import type { ModelManifest } from '../../models/registry/manifest.ts';

/** What a registry lies on. Texts are JSON that nobody has looked into yet. Throws VitalsError when it cannot be reached. */
export interface RegistryStore {
  /** For people. */
  readonly place: string;
  /** Every version's manifest, oldest first. */
  manifests(): Promise<readonly StoredManifest[]>;
  /** Null when there is no such version. */
  manifest(version: number): Promise<string | null>;
  /** Null when the bytes are not there; a text, for people, when they are damaged. */
  bytes(manifest: ModelManifest): Promise<Uint8Array | string | null>;
  /**
   * Stores bytes and manifest under the next free version; all of it is seen at once. Versions are never given twice,
   * whoever else is at it.
   */
  add(bytes: Uint8Array, manifestOf: (version: number) => ModelManifest): Promise<ModelManifest>;
  /** The document of aliases; an empty text when there is none. `edition` names this state of it. */
  book(): Promise<StoredBook>;
  /** False, and nothing is changed, when the document is no longer the edition that was read. */
  replaceBook(text: string, edition: string): Promise<boolean>;
  /** The document now, if there is one, and after changes, within a second, until the signal aborts. */
  followBook(signal: AbortSignal): AsyncIterable<string>;
}

export interface StoredManifest {
  readonly version: number;
  readonly text: string;
}

export interface StoredBook {
  readonly text: string;
  readonly edition: string;
}

/** Why a version could not be stored although nothing is broken: others took every number that was tried. */
export const VERSIONS_TRIED_MAX = 1_000;
