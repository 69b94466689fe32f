import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_KEYS } from '../../pipeline/config-schema.ts';
import { NATS_IMAGE, QUESTDB_IMAGE } from '../services/pinned.ts';

interface Service {
  readonly image: string;
  readonly profiles: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly healthcheck?: unknown;
  readonly network_mode?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

const DIR = fileURLToPath(new URL('.', import.meta.url));
const compose = parse(readFileSync(join(DIR, 'compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const services = Object.entries(compose.services);
const ofProfile = (profile: string): Readonly<Record<string, Service>> =>
  Object.fromEntries(services.filter(([, { profiles }]) => profiles.includes(profile)));
const PROFILES = ['all-in-one', 'production', 'cluster'] as const;

describe('compose', () => {
  it('gives our containers options that there are', () => {
    const variables = new Set(CONFIG_KEYS.map((key) => `GPU_VITALS_${key.toUpperCase().replaceAll('-', '_')}`));
    const given = services.flatMap(([name, { environment = {} }]) =>
      Object.keys(environment)
        .filter((key) => key.startsWith('GPU_VITALS_') && !variables.has(key))
        .map((key) => `${name}: ${key}`),
    );
    expect(given).toEqual([]);
  });

  it('runs the versions that are tested', () => {
    const images = (start: string): Set<string> =>
      new Set(services.map(([, { image }]) => image).filter((image) => image.startsWith(start)));
    expect(images('nats:')).toEqual(new Set([NATS_IMAGE]));
    expect(images('questdb/')).toEqual(new Set([QUESTDB_IMAGE]));
    expect([...images('')].filter((image) => /:latest$|^[^:]+$/.test(image))).toEqual([]);
  });

  it.each(PROFILES)('%s: what is waited for is in it and tells its health, what is mounted is there', (profile) => {
    const parts = ofProfile(profile);
    expect(Object.keys(parts).length).toBeGreaterThanOrEqual(3);
    const volumes: string[] = [];
    const ports: string[] = [];
    for (const [name, service] of Object.entries(parts)) {
      for (const [other, how] of Object.entries(service.depends_on ?? {})) {
        expect(parts[other], `${name} waits for ${other}`).toBeDefined();
        const { condition } = how as { condition: string };
        if (condition === 'service_healthy') expect(parts[other]?.healthcheck, other).toBeDefined();
      }
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':');
        if (from.startsWith('.')) expect(existsSync(join(DIR, from)), `${name}: ${from}`).toBe(true);
        else {
          expect(Object.keys(compose.volumes)).toContain(from);
          volumes.push(from);
        }
      }
      for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
      // A container on the host's network has the host's ports.
      expect(service.network_mode === 'host' && service.ports !== undefined).toBe(false);
      ports.push(...(service.ports ?? []).map((port) => port.split(':').at(-2) ?? ''));
    }
    expect(volumes.toSorted(), 'no two share a folder').toEqual([...new Set(volumes)].toSorted());
    expect(ports.toSorted(), 'no two take a port').toEqual([...new Set(ports)].toSorted());
  });

  it.each(PROFILES)('%s: addresses name containers of its own', (profile) => {
    const parts = ofProfile(profile);
    for (const [name, { environment = {}, network_mode }] of Object.entries(parts)) {
      const text = Object.values(environment).join(' ');
      for (const [, host = ''] of text.matchAll(/@([\w.-]+):\d+/g)) {
        if (network_mode === 'host') expect(host).toBe('127.0.0.1');
        else expect(Object.keys(parts), `${name} calls ${host}`).toContain(host);
      }
    }
  });

  it('has no secret, and listens beyond loopback with TLS only', () => {
    for (const [name, { environment = {}, ports = [], command = [], read_only, image, cap_drop }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        if (/PASSWORD|TOKEN|SECRET/.test(key))
          expect(String(value), `${name}: ${key}`).toMatch(/^\$\{\w+(:\?[^}]*)?\}$/);
      }
      const open = ports.filter((port) => !port.startsWith('127.0.0.1:'));
      if (open.length > 0) {
        expect(command, name).toEqual(['serve']);
        expect(environment.GPU_VITALS_TLS_CERT, name).toBe('/run/secrets/tls_cert');
      }
      if (image.startsWith('gpu-vitals:')) expect([read_only, cap_drop]).toEqual([true, ['ALL']]);
    }
  });
});
