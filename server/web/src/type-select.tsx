import { FAILURE_TYPES, type FailureType } from '../../../pipeline/contract/predictions.ts';

/** What failed. */
export function TypeSelect(props: { readonly value: FailureType; readonly onChange: (type: FailureType) => void }) {
  return (
    <select
      aria-label="Type of failure"
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value as FailureType)}
    >
      {FAILURE_TYPES.map((type) => (
        <option key={type} value={type}>
          {type}
        </option>
      ))}
    </select>
  );
}
