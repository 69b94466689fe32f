const SCHEME = /^\s*[a-z][a-z\d+.-]*:\/\//i;
const NEXT_ADDRESS = /,(?=\s*[a-z][a-z\d+.-]*:\/\/)/i;
/** NATS may have no scheme: then it takes a password or a port to tell a login from somebody's mail address. */
const LOGIN_FIRST = /^(?:[^\s"@:]+:.*@[^@\s]+|[^\s"]+@[^@\s]*:\d+.*)$/s;
/** What blanks and quotes part; a quote behind a backslash is inside of a text. */
const WORDS = /(?:\\.|[^\s"\\])+/g;
/** Where an address begins in a word. Files have no login, and folders of packages have an @ before their names. */
const SLASHES = /(?<!\bfile):\/\//i;

/**
 * An address, or several with commas, as messages and logs may show it: no password, and no name that stands alone, which
 * is a token. A login ends at the last @ of an address, whatever it holds: so it is read (readAddress), and an @ further behind
 * costs nothing but a host that is not shown. Texts that are no address come back as they are, but for addresses in them;
 * where it is `certain` that a text is meant as one, whatever stands before an @ is a login.
 * Cost: a few looks at every character.
 */
export function shownAddress(text: string, { certain }: { readonly certain: boolean } = { certain: false }): string {
  if (/^\s*file:/i.test(text)) return text;
  if (!certain && !SCHEME.test(text) && !LOGIN_FIRST.test(text)) return shownAddresses(text);
  return starredList(text, (address) => SCHEME.exec(address)?.[0].length ?? 0);
}

/** A text about anything, with the addresses in it as `shownAddress` has them: there blanks and quotes end an address. */
export const shownAddresses = (text: string): string =>
  text.replace(WORDS, (word) =>
    starredList(word, (address) => {
      const slashes = SLASHES.exec(address);
      return slashes === null ? null : slashes.index + slashes[0].length;
    }),
  );

/** `loginAt`: where the login of an address would begin; null when it is none. */
const starredList = (list: string, loginAt: (address: string) => number | null): string =>
  list
    .split(NEXT_ADDRESS)
    .map((address) => starred(address, loginAt(address)))
    .join(',');

function starred(address: string, from: number | null): string {
  const at = address.lastIndexOf('@');
  if (from === null || at < from) return address;
  const colon = address.indexOf(':', from);
  const user = colon < 0 || colon > at ? '' : address.slice(from, colon + 1);
  // With an @ in it, it is more than a name.
  return `${address.slice(0, from)}${user.includes('@') ? '' : user}***${address.slice(at)}`;
}
