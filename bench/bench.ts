/** One measured number. `at_least` and `at_most` are what it should reach on two cores of a server. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly at_least?: number;
  readonly at_most?: number;
}

export interface BenchContext {
  /** Small sizes that show that it works, not how fast. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
  /** Folder of the compiled thread files. */
  readonly threads: URL;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  readonly run: (context: BenchContext) => Promise<readonly Figure[]>;
}
