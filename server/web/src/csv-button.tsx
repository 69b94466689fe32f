import { useState } from 'preact/hooks';
import { downloadCsv } from './download-csv.ts';

/** A list of the API as a CSV file; says why when it cannot be had. */
export function CsvButton(props: {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number>>;
  readonly name: string;
  readonly label: string;
}) {
  const { path, query, name, label } = props;
  const [failure, setFailure] = useState('');
  const [reading, setReading] = useState(false);
  const read = async (): Promise<void> => {
    setReading(true);
    try {
      await downloadCsv(path, query, name);
      setFailure('');
    } catch (error) {
      setFailure((error as Error).message);
    }
    setReading(false);
  };
  return (
    <>
      <button type="button" class="plain-button" onClick={read} disabled={reading}>
        {label}
      </button>
      {failure !== '' && (
        <span class="critical small" role="alert">
          {failure}
        </span>
      )}
    </>
  );
}
