/** A file of more is for a script. */
const BYTES_MAX = 256 * 1024 * 1024;

/** Reads a list page by page and gives it to the person as a file. Throws what the pages throw, and when it is too long for a page. */
export async function downloadCsv(pages: AsyncIterable<string>, name: string): Promise<void> {
  const parts: string[] = [];
  let bytes = 0;
  for await (const page of pages) {
    parts.push(page);
    bytes += page.length;
    if (bytes > BYTES_MAX) throw new Error('It is too long for a browser: narrow it down, or read it from the API');
  }
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
