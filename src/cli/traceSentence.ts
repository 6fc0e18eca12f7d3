import type { SentenceTrace } from "../decoding/sentenceTrace.ts";
import type { LoadedModel } from "../loadedModel.ts";
import { type ComputingFlags, openModel } from "./computing.ts";
import { modelOrNewest } from "./newestRun.ts";
import { warnings } from "./ui/terminal.ts";

/** The flags of a command that looks into a model while it translates a sentence. */
interface TraceFlags extends ComputingFlags {
  readonly model?: string | undefined;
  readonly source: string;
  readonly target?: string | undefined;
  readonly quiet?: boolean;
}

/**
 * Looks into the model that the flags name while it reads their source and writes their target.
 *
 * @param check looks at the model before it computes anything
 */
export async function traceSentence(
  flags: TraceFlags,
  check: (description: LoadedModel["description"]) => unknown = () => {},
): Promise<{ readonly trace: SentenceTrace; readonly model: LoadedModel }> {
  const warn = warnings(flags.quiet);
  const model = await openModel(await modelOrNewest(flags.model, flags.quiet), flags, warn);
  try {
    check(model.description);
    const trace = await model.translator.trace(flags.source, flags.target);
    const written = trace.isOwn ? [] : trace.steps.map((step) => step.written); // of its own it says <unk> itself
    const unknown = [...trace.source.tokens, ...written].filter(({ isUnknown }) => isUnknown);
    if (unknown.length > 0)
      warn(`unknown to the model: ${[...new Set(unknown.map(({ text }) => text))].join(", ")}.`);
    if (!trace.ended) warn("the translation is cut short by its limit: the model has not come to an end.");
    return { trace, model };
  } finally {
    await model.close();
  }
}
