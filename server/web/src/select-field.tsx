import { useId } from 'preact/hooks';

/** A labelled list to choose from, that says what is wrong with the choice. */
export function SelectField(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
  readonly wrong?: string;
}) {
  const { label, value, options, onChange, wrong = '' } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={wrong !== ''}
        aria-describedby={wrong === '' ? undefined : `${id}-wrong`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
      {wrong !== '' && (
        <p id={`${id}-wrong`} class="critical small" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
