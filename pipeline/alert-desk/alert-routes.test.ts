import { describe, expect, it } from 'vitest';
import { fitsAll } from './alert-matchers.ts';
import { alertRoutesSchema, routesOf } from './alert-routes.ts';
import { alertOf, routeOf } from './desk.fixture.ts';

describe('matchers', () => {
  it.each<[string, string, boolean]>([
    ['n1', 'n1', true],
    ['n1', 'n10', false],
    ['n*', 'n10', true],
    ['*', '', true],
    ['', '', true],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b*', 'xxbxxaxx', false],
    ['ab*ba', 'aba', false],
    ['a*a', 'aa', true],
    ['a*b*b', 'ab', false],
    ['n.', 'nx', false],
    ['*'.repeat(60), 'n1', true],
  ])('%s on %s: %s', (pattern, node, fits) => {
    expect(fitsAll(alertOf({ node }), [{ field: 'node', values: [pattern] }])).toBe(fits);
    expect(fitsAll(alertOf({ node }), [{ field: 'node', values: [pattern], not: true }])).toBe(!fits);
    expect(fitsAll(alertOf({ node }), [{ field: 'node', values: ['other', pattern] }])).toBe(fits);
  });
});

describe('a tree', () => {
  it('inherits what is left out', () => {
    const tree = routeOf({
      group_wait: { warning: '1m' },
      repeat_interval: '2h',
      routes: [{ channels: ['a'], group_wait: '9s', routes: [{ name: 'deep', closings: false }] }],
    });
    expect(tree).toMatchObject({ name: 'default', group_wait: { warning: 60_000, critical: 5_000 } });
    const [first] = tree.routes;
    expect(first).toMatchObject({
      name: 'default.1',
      group_wait: { info: 9_000, warning: 9_000, critical: 9_000 },
      repeat_interval: { critical: 7_200_000 },
      routes: [{ name: 'deep', channels: ['a'], closings: false, continue: false }],
    });
    expect(routesOf(alertOf(), tree).map(({ name }) => name)).toEqual(['deep']);
  });

  it.each<[string, unknown, string]>([
    ['a field that is none', { groupby: [] }, 'groupby'],
    ['a label that is none', { group_by: ['colour'] }, 'group_by'],
    ['a time that is none', { group_wait: 'soon' }, 'group_wait'],
    ['one name twice', { routes: [{ name: 'a' }, { name: 'a' }] }, 'named a'],
    ['a matcher without values', { matchers: [{ field: 'node', values: [] }] }, 'values'],
    ['no severity', { severities: [] }, 'severities'],
  ])('is refused with %s', (_, text, named) => {
    const { success, error } = alertRoutesSchema.safeParse(text);
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues)).toContain(named);
  });
});
