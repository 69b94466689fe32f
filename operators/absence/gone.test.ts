import { describe, expect, it } from 'vitest';
import { Assets } from '../../pipeline/asset-book.ts';
import { mergeAsset } from '../../pipeline/asset-merge.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { brief, runGone, type SceneOptions, type Scrape, scrapes } from './gone.fixture.ts';

const at = (hour: number, gpus: readonly string[], ...tell: readonly string[]): Scrape => ({ at: hour, gpus, tell });
/** Two boards for an hour, in the middle of which detectors tell something; then `others`. */
const story = (tell: readonly string[], others: readonly Scrape[], first = 'a', second = 'b'): Scrape[] => [
  ...scrapes(0, 0.5, first, second),
  at(0.5, [first, second], ...tell),
  ...scrapes(0.5 + 1 / 6, 1, first, second),
  ...others,
];
const retired = (gpu_uuid: string): Assets => {
  const assets = new Assets();
  assets.put(mergeAsset(undefined, { gpu_uuid, status: 'retired' }, START_MS));
  return assets;
};
const SLOTS = { a: '3B', b: '5E', c: '3B' };
const ONE_SLOT = { a: '3B', b: '3B', c: '3B' };
const DAY = 24;
const WEEK = 7 * DAY;

describe('gone', () => {
  it.each<[string, Scrape[], SceneOptions, string[]]>([
    [
      'a board that was replaced',
      story(['failed a', 'gpu_lost a', 'hot b'], scrapes(1, 3, 'b', 'c')),
      { slots: SLOTS },
      ['failed a open', 'gpu_lost a open', 'hot b open', 'failed a closed@1.17', 'lost: gpu_lost a closed@1.17'],
    ],
    [
      'nobody whose neighbours have said the same slot all along',
      story(['failed a'], scrapes(1, 3, 'b')),
      { slots: ONE_SLOT },
      ['failed a open'],
    ],
    [
      'nobody who goes on beside another one in the slot',
      story(['failed a'], scrapes(1, 3, 'a', 'c')),
      { slots: SLOTS },
      ['failed a open'],
    ],
    [
      'a board that made way again for the one before it',
      [
        ...scrapes(0, 1, 'a', 'b'),
        ...scrapes(1, 2, 'b', 'c'),
        at(2, ['b', 'c'], 'failed c'),
        at(2.5, ['b', 'a'], 'arrives a'),
        ...scrapes(3, 4, 'b', 'a'),
      ],
      { slots: SLOTS },
      ['failed c open', 'failed c closed@2.67'],
    ],
    [
      'an instance whose board reports as a whole for an hour',
      story(['pending a/1', 'pending a/2'], scrapes(1, 4, 'a', 'a/2'), 'a/1', 'a/2'),
      {},
      ['pending a/1 open', 'pending a/2 open', 'pending a/1 closed@2'],
    ],
    [
      'a board that reports as instances for an hour',
      story(['pending a'], scrapes(1, 3, 'a/3', 'a/4')),
      {},
      ['pending a open', 'pending a closed@2'],
    ],
    [
      'no instance that comes back within the hour',
      story(['pending a/1'], [...scrapes(1, 1.5, 'a'), ...scrapes(1.5, 4, 'a', 'a/1')], 'a/1', 'a/2'),
      {},
      ['pending a/1 open'],
    ],
    [
      'a board that is silent for a week, and no sooner',
      story(['failed a', 'hot b'], scrapes(1, WEEK + 2, 'b')),
      {},
      ['failed a open', 'hot b open', 'failed a closed@169.17'],
    ],
    [
      'nobody when the whole group was silent',
      story(['failed a'], scrapes(2 * WEEK, 2 * WEEK + 2, 'a', 'b')),
      {},
      ['failed a open'],
    ],
    [
      'nobody for a row from the future',
      story(['failed a'], [at(240, ['b']), ...scrapes(1, 4, 'a', 'b')]),
      {},
      ['failed a open'],
    ],
    [
      'a board that the inventory has retired, once it is silent',
      story(['failed a', 'hot b'], scrapes(1, 3, 'b')),
      { assets: retired('a') },
      ['failed a open', 'hot b open', 'failed a closed@1.17'],
    ],
    [
      'nobody who reports although the inventory has retired it',
      story(['failed a'], scrapes(1, 3, 'a', 'b')),
      { assets: retired('a') },
      ['failed a open'],
    ],
    [
      'what is open because nothing comes after a month only, whatever instances there are',
      story(['exporter_frozen a', 'failed a'], scrapes(1, 30 * DAY + 2, 'b', 'a/1')),
      {},
      ['exporter_frozen a open', 'failed a open', 'failed a closed@2.17', 'exporter_frozen a closed@721.17'],
    ],
    [
      'a lost board after a month, but none of which instances report',
      story(['gpu_lost a', 'gpu_lost b'], scrapes(1, 30 * DAY + 2, 'c', 'a/1')),
      {},
      ['gpu_lost a open', 'gpu_lost b open', 'lost: gpu_lost b closed@721.17'],
    ],
    [
      'what is open on those that were forgotten, whether they are back or not, and on their node',
      [at(0, ['a', 'b'], 'failed a', 'exporter_frozen node', 'hot b'), ...scrapes(40 * DAY, 40 * DAY + 1, 'b')],
      {},
      [
        ...['failed a open', 'exporter_frozen n open', 'hot b open'],
        ...['failed a closed@624.17', 'exporter_frozen n closed@624.17', 'hot b closed@624.17'],
      ],
    ],
    [
      'a board once that was lost as instances and is back as a whole',
      story(['gpu_lost a'], [...scrapes(1, 3, 'b'), at(3, ['a', 'b'], '-gpu_lost a')], 'a/1'),
      {},
      ['gpu_lost a open', 'gpu_lost a closed@3'],
    ],
    [
      'a board once that was lost as instances and is back as a whole after it was closed here',
      story(['gpu_lost a'], [...scrapes(1, 30 * DAY + 3, 'b'), at(30 * DAY + 3, ['a', 'b'], '-gpu_lost a')], 'a/1'),
      {},
      ['gpu_lost a open', 'lost: gpu_lost a closed@721.17'],
    ],
    [
      'a board that was cut long ago a month after the last of its instances',
      [
        ...scrapes(0, 1, 'a', 'b'),
        ...scrapes(1, 29 * DAY, 'a/1', 'b'),
        at(29 * DAY, ['b'], 'gpu_lost a'),
        ...scrapes(29 * DAY + 0.5, 60 * DAY, 'b'),
      ],
      {},
      ['gpu_lost a open', 'lost: gpu_lost a closed@1415.67'],
    ],
  ])('closes %s', (_, course, options, expected) => {
    expect(brief(runGone(course, options))).toEqual(expected);
  });

  it.each<[string, Scrape[], string[]]>([
    ['it holds still', [at(WEEK + 2, ['a', 'b']), at(WEEK + 3, ['a', 'b'])], ['failed a open']],
    ['it is over with that row', [at(WEEK + 2, ['a', 'b'], '-failed a'), at(WEEK + 3, ['a', 'b'])], []],
    [
      'it is over later',
      [at(WEEK + 2, ['a', 'b']), at(WEEK + 3, ['a', 'b'], '-failed a')],
      ['failed a open', `failed a closed@${WEEK + 3}`],
    ],
    ['its detector tells it itself', [at(WEEK + 2, ['a', 'b'], 'failed a')], ['failed a open']],
    [
      'the GPU goes away again',
      [at(WEEK + 2, ['a', 'b']), ...scrapes(WEEK + 2.5, 2 * WEEK + 3, 'b')],
      ['failed a open', 'failed a closed@338.17'],
    ],
  ])('opens again what a detector believes open when the GPU is back: %s', (_, later, expected) => {
    const told = runGone([...story(['failed a'], scrapes(1, WEEK + 2, 'b')), ...later]);
    expect(brief(told)).toEqual(['failed a open', 'failed a closed@169.17', ...expected]);
    const again = told.slice(2).find(({ item }) => item.state === 'open');
    expect([undefined, 'failed it is.']).toContain(again?.item.explanation);
  });

  it.each<[string, Scrape[], SceneOptions, string, number]>([
    ['c stands in its slot 3B', scrapes(1, 3, 'b', 'c'), { slots: SLOTS }, 'a', 50],
    ['its board reports as a whole', scrapes(1, 3, 'a', 'b'), {}, 'a/1', 50],
    ['its board reports as instance 3, 4', scrapes(1, 3, 'a/3', 'a/4'), {}, 'a', 50],
    ['the inventory says that it is retired', scrapes(1, 3, 'b'), { assets: retired('a') }, 'a', 50],
    ['nothing came of it for 7 d', scrapes(1, WEEK + 2, 'b'), {}, 'a', 50],
    // As of the last look, before its last row.
    ['it is forgotten', scrapes(40 * DAY, 40 * DAY + 1, 'b'), {}, 'a', 40],
  ])('says since when, and why: %s', (why, others, options, gpu, minute) => {
    const closed = runGone(story([`failed ${gpu}`], others, gpu), options).at(-1)?.item;
    const since = new Date(START_MS + minute * 60_000).toISOString();
    expect(closed).toMatchObject({ id: `failed ${gpu}`, ts: START_MS + 1_800_000, state: 'closed' });
    expect(closed?.explanation).toBe(`failed it is. It no longer reports since ${since}: ${why}.`);
  });

  it('remembers 64 of a board at most', () => {
    const many = Array.from({ length: 100 }, (_, i) => `kind${i} a`);
    const told = brief(runGone(story(many, scrapes(1, 3, 'b', 'c')), { slots: SLOTS }));
    expect(told.filter((line) => line.includes('closed'))).toEqual(many.slice(-64).map((id) => `${id} closed@1.17`));
  });

  it('tells the same however the stream is cut, also from snapshots', () => {
    const course = [
      ...story(['failed a', 'hot b', 'gpu_lost a'], scrapes(1, 2, 'b', 'c/1')),
      at(2, ['b', 'c/1'], 'pending c/1'),
      ...scrapes(3, WEEK + 4, 'b', 'c'),
      at(WEEK + 4, ['a', 'b'], '-gpu_lost a'),
      ...scrapes(WEEK + 4.5, 45 * DAY, 'b'),
    ];
    const whole = runGone(course);
    expect(brief(whole)).toEqual([
      ...['failed a open', 'gpu_lost a open', 'hot b open', 'pending c/1 open', 'pending c/1 closed@3.67'],
      ...['failed a closed@169.67', 'gpu_lost a closed@172', 'failed a open', 'failed a closed@340.17'],
    ]);
    for (const piece of [1, 2, 7]) expect(runGone(course, { piece })).toEqual(whole);
    expect(runGone(course, { piece: 50, restore: true })).toEqual(whole);
  });
});
