export type ServiceName = 'nats' | 'questdb';

/** One line on what the launcher does: shown to people, and the log of a start. */
export interface ReportLine {
  readonly service: ServiceName | 'data';
  /** What kind of line: `look`, `take`, `download`, `port`, `start`, `ready`, `exit`, `restart`, `stop`, `lock`. */
  readonly step: string;
  readonly detail: string;
}

export type Report = (line: ReportLine) => void;
