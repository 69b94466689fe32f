import { useId } from 'preact/hooks';

/** A labelled input that says what is wrong with it. */
export function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
  /** Empty when nothing is wrong. */
  readonly wrong?: string;
  readonly type?: 'text' | 'number' | 'date' | 'month' | 'datetime-local';
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly max_length?: number;
  readonly wide?: boolean;
}) {
  const { label, value, onInput, wrong = '', type = 'text', required = false, placeholder = '', wide = false } = props;
  const id = useId();
  return (
    <div class={`field ${wide ? 'wide' : ''}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        required={required}
        placeholder={placeholder}
        maxLength={props.max_length ?? 256}
        step={type === 'number' ? 'any' : undefined}
        aria-invalid={wrong !== ''}
        aria-describedby={wrong === '' ? undefined : `${id}-wrong`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {wrong !== '' && (
        <p id={`${id}-wrong`} class="critical small" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}
