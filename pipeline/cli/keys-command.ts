import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { ConfigKey } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { type DurationMs, formatDuration, hours, parseDuration } from '../contract/time.ts';
import { ACCESS_ROLES, type AccessRole } from '../keys/access-role.ts';
import { ACCESS_SCOPES, type AccessScope } from '../keys/access-scope.ts';
import { keyPrefix } from '../keys/api-key.ts';
import { type KeyStore, type ListedKey, openKeyStore } from '../keys/key-store.ts';
import { auditOf } from './audited.ts';
import { type CommandContext, configured, contextOf } from './context.ts';
import { openBus } from './open-bus.ts';

const KEYS: readonly ConfigKey[] = ['nats'];
const GRACE = hours(24);
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@/:-]{0,79}$/u;

/** `keys create|list|revoke|rotate`: who may call API and live server. */
export function addKeysCommand(program: Command): void {
  const group = program.command('keys').description('API keys: who may call the API and the live server');

  const create = configured(group.command('create'), KEYS)
    .description('prints a new key once; from the first one on every call needs a key')
    .requiredOption('--name <name>', 'who it is for')
    .requiredOption('--role <role>', ACCESS_ROLES.join(', '))
    .option('--tenant <tenant>', 'sees only the GPUs whose asset has this tenant')
    .option(
      '--scope <scope>',
      `only this of what the role may, again for more: ${ACCESS_SCOPES.join(', ')}; everything when absent`,
      (text: string, before: readonly AccessScope[]) => [...new Set([...before, scopeOf(text)])],
      [] as readonly AccessScope[],
    )
    .option('--expires <duration>', 'good for so long, such as 90d; for ever when absent')
    .action(async () => {
      const context = contextOf(create, KEYS);
      const given = create.opts<{
        name: string;
        role: string;
        tenant?: string;
        scope: readonly AccessScope[];
        expires?: string;
      }>();
      const name = fitting(given.name, '--name');
      const role = roleOf(given.role);
      const tenant = given.tenant === undefined ? '' : fitting(given.tenant, '--tenant');
      const scopes = given.scope;
      const expires_after = given.expires === undefined ? null : durationOf(given.expires, '--expires');
      await withStore(context, async (store, bus) => {
        const made = await auditCreate(
          bus,
          (done) => ({
            target: done?.id ?? '',
            detail: JSON.stringify({ name, role, tenant, scopes, expires_after_ms: expires_after }),
          }),
          () => store.create({ name, role, tenant, scopes, expires_after }),
        );
        context.answer(made, () => made.key);
        if (!context.json) context.say(`key ${made.id}, ${role}; it is told only this once`);
      });
    });
  const auditCreate = auditOf(create);

  const list = configured(group.command('list'), KEYS)
    .description('all keys, without their secrets')
    .action(async () => {
      const context = contextOf(list, KEYS);
      await withStore(context, async (store) => {
        const keys = await store.list();
        context.answer(
          keys.map((key) => ({ prefix: keyPrefix(key.id), ...key, ...instants(key) })),
          () => keys.map(line).join('\n') || 'there are no keys: every call is answered',
        );
      });
    });

  const revoke = configured(group.command('revoke'), KEYS)
    .description('from now on nobody gets in with it')
    .argument('<id>', 'as `keys list` tells it')
    .action(async (id: string) => {
      const context = contextOf(revoke, KEYS);
      await withStore(context, async (store, bus) => {
        const key = await auditRevoke(
          bus,
          () => ({ target: idOf(id) }),
          () => store.revoke(idOf(id)),
        );
        context.answer({ id: key.id, ...instants(key) }, () => `${key.id} (${key.name}) is revoked`);
      });
    });
  const auditRevoke = auditOf(revoke);

  const rotate = configured(group.command('rotate'), KEYS)
    .description('prints a new secret for a key once; the old one stays good for a while')
    .argument('<id>', 'as `keys list` tells it')
    .option('--grace <duration>', 'how long the old one stays good', formatDuration(GRACE))
    .action(async (id: string) => {
      const context = contextOf(rotate, KEYS);
      const grace = durationOf(rotate.opts<{ grace: string }>().grace, '--grace');
      await withStore(context, async (store, bus) => {
        const made = await auditRotate(
          bus,
          () => ({ target: idOf(id), detail: JSON.stringify({ grace_ms: grace }) }),
          () => store.rotate(idOf(id), grace),
        );
        context.answer(made, () => made.key);
        if (!context.json) context.say(`the old one is good for ${formatDuration(grace)}`);
      });
    });
  const auditRotate = auditOf(rotate);
}

/** The prefix is what people see in their configuration. */
const idOf = (text: string): string => text.replace(/^gvk_/, '').split('_', 1)[0] ?? '';

const instantOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const instants = (key: ListedKey) => ({
  created_at: instantOf(key.created_at),
  expires_at: instantOf(key.expires_at),
  revoked_at: instantOf(key.revoked_at),
  last_used_at: instantOf(key.last_used_at),
  previous_until: instantOf(key.previous_until),
});

function line(key: ListedKey): string {
  const { expires_at, revoked_at, last_used_at } = instants(key);
  return [
    keyPrefix(key.id),
    key.role,
    key.name,
    key.tenant === '' ? 'all tenants' : `tenant ${key.tenant}`,
    ...(key.scopes.length === 0 ? [] : [`only ${key.scopes.join(', ')}`]),
    revoked_at !== null ? `revoked ${revoked_at}` : expires_at === null ? 'does not expire' : `expires ${expires_at}`,
    last_used_at === null ? 'never used' : `last used ${last_used_at}`,
  ].join('  ');
}

function roleOf(text: string): AccessRole {
  const role = ACCESS_ROLES.find((one) => one === text);
  if (role !== undefined) return role;
  throw new VitalsError('GV-CLI-001', `--role must be one of ${ACCESS_ROLES.join(', ')}, not ${text}`, '');
}

function scopeOf(text: string): AccessScope {
  const scope = ACCESS_SCOPES.find((one) => one === text);
  if (scope !== undefined) return scope;
  throw new VitalsError('GV-CLI-001', `--scope must be one of ${ACCESS_SCOPES.join(', ')}, not ${text}`, '');
}

function fitting(text: string, option: string): string {
  if (NAME.test(text)) return text;
  throw new VitalsError('GV-CLI-001', `${option} must be 1 to 80 letters, digits, spaces or . _ @ / : -`, '');
}

function durationOf(text: string, option: string): DurationMs {
  const value = parseDuration(text);
  if (value !== null && value >= 0) return value;
  throw new VitalsError('GV-CLI-001', `${option} must be a duration such as 90d, not ${text}`, '');
}

async function withStore(context: CommandContext, run: (store: KeyStore, bus: Bus) => Promise<void>): Promise<void> {
  const bus = await openBus(context.loaded.values, 'keys');
  try {
    await run(await openKeyStore(bus, systemClock), bus);
  } finally {
    await bus.close();
  }
}
