export interface ErrorSpec {
  readonly meaning: string;
  readonly action: string;
}
