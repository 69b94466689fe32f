/** QuestDB's read side as the rest of the project sees it; sinks/questdb is the only folder that knows the client library. */
export interface Database {
  /** Runs one statement with `$1`-style parameters. Instants come back as epoch ms numbers, NULL as null. Throws VitalsError GV-API-003 when the database is away. */
  query<Row extends Record<string, unknown>>(
    sql: string,
    parameters?: readonly (string | number | boolean | Date | null)[],
  ): Promise<Row[]>;
  close(): Promise<void>;
}
