import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly cap_add?: readonly string[];
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
const isNamed = (volume: string): boolean => !volume.startsWith('.');

/** How a program ends. */
function ended(command: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: 'ignore' }).once('close', resolve).once('error', reject);
  });
}

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
    expect(images('nats:')).toEqual(new Set([`${NATS_IMAGE}-alpine`]));
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
        if (how.condition === 'service_healthy') expect(parts[other]?.healthcheck, other).toBeDefined();
        if (how.condition === 'service_completed_successfully') expect(parts[other]?.restart, other).toBe('no');
      }
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':');
        if (from.startsWith('.')) expect(existsSync(join(DIR, from)), `${name}: ${from}`).toBe(true);
        else {
          expect(Object.keys(compose.volumes)).toContain(from);
          // Who runs once before another has that one's folder.
          if (service.restart !== 'no') volumes.push(from);
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

  it('asks for health with programs that the images have', () => {
    const asked = services.filter(([, { healthcheck }]) => healthcheck !== undefined);
    expect(asked.map(([name]) => name)).toEqual(['nats', 'nats-a', 'nats-b', 'nats-c', 'questdb']);
    for (const [name, { image, healthcheck }] of asked) {
      const [how, program] = healthcheck?.test ?? [];
      // A shell of the image's choice may know no /dev/tcp, and an image of NATS that is not of Alpine has nothing but the server.
      expect([name, how, program]).toEqual([name, 'CMD', name === 'questdb' ? 'bash' : 'wget']);
      if (program === 'wget') expect(image).toMatch(/-alpine$/);
    }
  });

  it('takes QuestDB for healthy when it says so, and for nothing else', async () => {
    const [, program = '', ...args] = compose.services.questdb?.healthcheck?.test ?? [];
    const server = createServer((_, response) => response.writeHead(status).end('Status: Healthy'));
    let status = 200;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const asked = (): Promise<number | null> =>
      ended(
        program,
        args.map((one) => one.replace('/9003 ', `/${port} `)),
      );
    expect(args.join(' ')).toContain('/dev/tcp/127.0.0.1/9003 ');
    expect(await asked()).toBe(0);
    status = 500;
    expect(await asked()).not.toBe(0);
    await new Promise((resolve) => server.close(resolve));
    expect(await asked()).not.toBe(0);
  });

  it('gives a new volume to whoever has it, where its image does not', () => {
    const strangers = services.filter(([, { user }]) => user !== undefined && !user.startsWith('0'));
    expect(strangers.map(([name]) => name)).toEqual(['nats', 'nats-a', 'nats-b', 'nats-c']);
    for (const [name, { user, volumes = [], depends_on = {} }] of strangers) {
      const before = Object.entries(depends_on).filter(([, how]) => how.condition === 'service_completed_successfully');
      const givers = before.map(([one]) => compose.services[one]);
      const given = givers.flatMap((giver) => {
        const [program, owner, ...paths] = giver?.entrypoint ?? [];
        expect([program, owner, giver?.user]).toEqual(['chown', user, '0:0']);
        const { cap_drop, cap_add, network_mode, read_only } = giver ?? {};
        expect([cap_drop, cap_add, network_mode, read_only]).toEqual([['ALL'], ['CHOWN'], 'none', true]);
        return (giver?.volumes ?? []).filter((volume) => paths.includes(volume.split(':')[1] ?? ''));
      });
      const named = (list: readonly string[]): string[] => list.filter(isNamed).map((one) => one.split(':')[0] ?? '');
      expect(named(given), name).toEqual(expect.arrayContaining(named(volumes)));
    }
    // Ours have the folder with its owner in the image, and nobody says otherwise.
    for (const [name, { image, volumes = [], user }] of services) {
      if (!image.startsWith('gpu-vitals:')) continue;
      expect([name, user]).toEqual([name, undefined]);
      for (const volume of volumes.filter(isNamed)) expect(volume.split(':')[1], name).toBe('/data');
    }
  });

  it('lets QuestDB give its volume to its own user, and no more', () => {
    const { cap_drop, cap_add } = compose.services.questdb ?? {};
    expect(cap_drop).toEqual(['ALL']);
    expect(cap_add).toEqual(['CHOWN', 'SETGID', 'SETUID', 'DAC_OVERRIDE', 'FOWNER']);
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
