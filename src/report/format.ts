/** A whole number with a comma every three digits: 1,234,567. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count and its noun: 1 pair, 2 pairs. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A share as a percentage: 97.4 %. */
export function percent(value: number, digits = 1): string {
  return `${value.toFixed(digits)} %`;
}

/** An amount of memory: 172 MB, 1.43 GB. */
export function bytes(value: number): string {
  const megabytes = value / 1e6;
  return megabytes < 1000 ? `${Math.ceil(megabytes)} MB` : `${(megabytes / 1000).toFixed(2)} GB`;
}

/** A time that a person can grasp: 0.4 s, 45 s, 1 min 40 s, 2 h 05 min. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 0.95) return `${Math.max(seconds, 0).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${count(Math.floor(minutes / 60))} h ${twoDigits(minutes % 60)} min`;
}

/** A speed in three digits: 950, 12.3k, 1.20M. */
export function rate(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const [scaled, unit] = value < 999_500 ? [value / 1000, "k"] : [value / 1e6, "M"];
  return `${scaled < 99.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
}

/** Two significant digits: 7.0e-4. */
export function scientific(value: number): string {
  return value.toExponential(1);
}

/** A word as a shell has to be given it: where that can be, as POSIX shells, cmd.exe and PowerShell read it alike. */
export function shellWord(word: string): string {
  if (/^[\w./:@%+=,-]+$/.test(word)) return word;
  const isAlikeInQuotes = !/[$`"!%\n]|\\(\\|$)/.test(word);
  return isAlikeInQuotes ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
