import { getText } from './rest.ts';

/** Reads a list of the API as CSV and gives it to the person as a file. Throws RestError. */
export async function downloadCsv(path: string, query: Readonly<Record<string, string | number>>, name: string) {
  const text = await getText(path, query, 'text/csv');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
