/**
 * A name from outside as the key of a plain record: names that every object has (`__proto__`, `constructor`) get a mark in
 * front, all others stay. Different names have different keys.
 */
export const recordKey = (name: string): string =>
  name.startsWith('@') || name in Object.prototype ? `@${name}` : name;
