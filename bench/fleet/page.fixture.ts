/** An independent, slow reading of a page: one regular expression a line. */
export interface SlowSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
  readonly stamp: string | undefined;
}

export function readSlowly(page: string): SlowSample[] {
  return page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^([A-Za-z_]\w*)\{(.*)\} (\S+)(?: (\d+))?$/.exec(line);
      if (!match) throw new Error(`not a sample: ${line}`);
      const labels = Object.fromEntries(
        [...(match[2] as string).matchAll(/(\w+)="([^"]*)"/g)].map((pair) => [pair[1] as string, pair[2] as string]),
      );
      return { name: match[1] as string, labels, value: match[3] as string, stamp: match[4] };
    });
}
