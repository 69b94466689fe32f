/**
 * An address, or several with commas, as messages and logs may show it: no password, and no name that stands alone, which
 * is a token. Texts that are no address come back as they are.
 */
export const shownAddress = (text: string): string =>
  text.replace(/(:\/\/)([^/@,\s]*)@/g, (_, slashes: string, login: string) => {
    const at = login.indexOf(':');
    return `${slashes}${at < 0 ? '' : login.slice(0, at + 1)}***@`;
  });
