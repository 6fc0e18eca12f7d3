import { XformerError } from "../errors.ts";
import { checkField } from "../valueType.ts";
import { settingOf } from "./settings/table.ts";

/** When some work is to stop. */
interface Stops {
  readonly maxMinutes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Does some work whose signal also aborts when the time is over after which the run is to stop. */
export async function withinTime<Options extends Stops, T>(
  options: Options,
  work: (options: Options) => Promise<T>,
): Promise<T> {
  const { maxMinutes, signal } = options;
  if (maxMinutes === undefined) return work(options);
  checkField("maxMinutes", maxMinutes, settingOf("run", "max_minutes")!);
  const over = new AbortController();
  const reason = new XformerError(
    "CONFIG",
    `maxMinutes is ${maxMinutes}, which is over before training begins`,
    {
      hint: "Give it more.",
    },
  );
  const timer = setTimeout(() => over.abort(reason), 60_000 * maxMinutes);
  try {
    const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    return await work({ ...options, signal: either });
  } finally {
    clearTimeout(timer);
  }
}
