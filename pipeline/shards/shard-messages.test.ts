import { expect, it } from 'vitest';
import { VitalsError } from '../contract/errors.ts';
import { notePlace, placeOf } from '../step-place.ts';
import { errorOf, errorText } from './shard-messages.ts';

const place = { step: 'features', group: 3, position: 41 };
/** As a thread's port carries it. */
const carried = (error: unknown): VitalsError => errorOf(structuredClone(errorText(error)));

it.each<[string, Error, string]>([
  ['of ours', new VitalsError('GV-SNP-001', 'it cannot be read', 'group-3.snapshot'), 'group-3.snapshot'],
  ['of anybody', new Error('it is broken'), 'step features, group 3, position 41'],
  [
    'that was caused by the noted one',
    new VitalsError('GV-SNP-001', 'it cannot be read', 'x', { cause: new Error('it is broken') }),
    'x',
  ],
])('an error %s keeps the place where it failed on its way between threads', (_, error, where) => {
  notePlace(error.cause ?? error, place);
  const arrived = carried(error);
  expect(arrived).toMatchObject({ message: error.message, where, cause: error.stack });
  expect(placeOf(arrived)).toEqual(place);
  expect(placeOf(carried(arrived))).toEqual(place);
});

it('one that nobody noted a place of has none', () => {
  expect(errorText(new Error('it is broken'))).not.toHaveProperty('place');
  expect(placeOf(carried(new VitalsError('GV-SNP-001', 'it cannot be read', 'x')))).toBeNull();
  expect(carried('it is broken')).toMatchObject({ message: 'it is broken', where: 'a thread of the engine' });
});
