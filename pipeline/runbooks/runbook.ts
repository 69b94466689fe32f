/** What a person does at an error, beside what the catalogue says in a sentence. Commands stand in backticks, as they are typed. */
export interface Runbook {
  /** Where and how it is seen. */
  readonly shows: string;
  /** What to look at, in this order. */
  readonly check: readonly string[];
  /** What to do after that, when the catalogue's own action was not enough. */
  readonly afterwards: readonly string[];
}
