import { afterEach, beforeEach } from 'vitest';
import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { type SettableClock, settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';

export interface RegistryUnderTest {
  /** Opens what lies there once more, as another process would. */
  open(clock: SettableClock, tell: (error: VitalsError) => void): Promise<ModelRegistry>;
  /** Replaces the manifest of a version by a text. */
  spoilManifest(version: number, text: string): Promise<void>;
  /** Replaces the bytes of a version: others, or none. */
  spoilBytes(version: number, bytes: Uint8Array | null): Promise<void>;
  spoilAliases(text: string): Promise<void>;
  remove(): Promise<void>;
}

export const NOW = 1_767_225_600_000;
export const BY = { by: 'test', why: 'because' };
export const bundle = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** What a test has before it: an empty registry, and what was told about it. */
export interface RegistryAtHand {
  readonly under: RegistryUnderTest;
  readonly clock: SettableClock;
  readonly told: VitalsError[];
  readonly registry: ModelRegistry;
  /** The same once more, as another process has it. */
  another(): Promise<ModelRegistry>;
}

/** Makes an empty registry before each test, and takes it away after it. What is returned is that of the present test. */
export function registryBeforeEach(make: () => Promise<RegistryUnderTest>): RegistryAtHand {
  const at = {
    told: [] as VitalsError[],
    another: (): Promise<ModelRegistry> => at.under.open(at.clock, (error) => at.told.push(error)),
  } as {
    under: RegistryUnderTest;
    clock: SettableClock;
    told: VitalsError[];
    registry: ModelRegistry;
  } & RegistryAtHand;
  beforeEach(async () => {
    at.under = await make();
    at.clock = settableClock(NOW);
    at.told.length = 0;
    at.registry = await at.another();
  });
  afterEach(async () => {
    await at.registry.close();
    await at.under.remove();
  });
  return at;
}
