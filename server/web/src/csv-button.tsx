import { useState } from 'preact/hooks';
import { downloadCsv } from './download-csv.ts';

/** A list of the API as a CSV file, all pages of it; says why when it cannot be had. */
export function CsvButton(props: {
  readonly pages: () => AsyncIterable<string>;
  readonly name: string;
  readonly label?: string;
}) {
  const { pages, name, label = 'CSV' } = props;
  const [failure, setFailure] = useState('');
  const [reading, setReading] = useState(false);
  const read = async (): Promise<void> => {
    setReading(true);
    try {
      await downloadCsv(pages(), name);
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
