import type { AliasEntry } from './alias-book.ts';
import type { ModelManifest, ModelManifestDraft } from './manifest.ts';

/** A version (`3` or `'3'`), or an alias that points to one. */
export type ModelSelector = number | string;

export interface AliasChange {
  /** A person, a key's name or a part of the system. */
  readonly by: string;
  readonly why: string;
}

/**
 * Versions of models and the names that point to them. Versions and their bytes never change and are never removed; only
 * aliases move. Any number of processes may use one registry at once: no version is given twice, no change of an alias is
 * lost.
 *
 * Errors are VitalsError: GV-MDL-101 no such version or alias, GV-MDL-102 damaged, GV-MDL-103 refused, GV-MDL-104 nothing to
 * roll back to, GV-MDL-105 the registry cannot be read or written, GV-BUS-* where NATS is behind it.
 */
export interface ModelRegistry {
  /** Where it is, for people. */
  readonly place: string;
  /** Every version, oldest first. One whose manifest is damaged is told through the registry's `tell` and left out. */
  list(): Promise<readonly ModelManifest[]>;
  /** A version with its bytes, whose length and SHA-256 were checked against the manifest. */
  get(selector: ModelSelector): Promise<{ readonly manifest: ModelManifest; readonly bytes: Uint8Array }>;
  /** The manifest alone. */
  manifest(selector: ModelSelector): Promise<ModelManifest>;
  /** Stores a new version; it is visible only once all of it is stored. */
  put(bytes: Uint8Array, draft: ModelManifestDraft): Promise<ModelManifest>;
  /** Alias to version, by name. */
  aliases(): Promise<Readonly<Record<string, number>>>;
  /** Points an alias to a version that exists; no change and no entry in the history when it does so already. */
  setAlias(alias: string, version: number, change: AliasChange): Promise<void>;
  /** Takes an alias away; no change when there is none. `rollback` brings it back. */
  removeAlias(alias: string, change: AliasChange): Promise<void>;
  /** Every change of an alias, oldest first; the last thousand. */
  history(): Promise<readonly AliasEntry[]>;
  /**
   * Points the alias to the version that it had before and returns that. Again: one further back. A version that was
   * rolled back from is not come back to: after 1, 2, rollback (1), 3 a rollback leads to 1.
   */
  rollback(alias: string, change: AliasChange): Promise<number>;
  /**
   * Tells the alias's version now (null: it points to none) and after each change, in order, until `stop`; versions that came
   * and went between two looks may be passed over. Takes at most a second; goes on by itself after a lost connection, and a
   * listener that throws is told through `tell`.
   */
  watch(alias: string, onChange: (version: number | null) => void): AliasWatch;
  /** Ends all watches. What the registry was opened on (the bus) stays open. */
  close(): Promise<void>;
}

export interface AliasWatch {
  /** Resolves when nothing more is told. */
  stop(): Promise<void>;
}
