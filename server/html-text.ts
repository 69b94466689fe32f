/**
 * Foreign text for HTML and SVG, in content and in quoted attributes: markup is escaped; control characters and those that
 * turn the direction of writing become U+FFFD, so that nothing can pose as something else.
 */
export const htmlText = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
