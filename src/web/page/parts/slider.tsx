interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** Digits behind the point. */
  readonly digits?: number;
  readonly onChange: (value: number) => void;
}

/** A number that is chosen by sliding, with its name and its value. */
export function Slider({ label, value, min, max, step = 1, digits = 0, onChange }: SliderProps) {
  return (
    <label>
      {label}
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onInput={({ currentTarget }) => onChange(Number(currentTarget.value))}
      />
      {value.toFixed(digits)}
    </label>
  );
}
