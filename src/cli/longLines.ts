import type { DecodingOptions } from "../decoding/options.ts";
import type { Translation } from "../decoding/translation.ts";

/** What became of a line that is longer than any the model was trained on. */
export function aboutLongLine(
  { sourceTokens, pieces }: Translation,
  maxLength: number,
  { longLines = "split" }: DecodingOptions,
): string {
  const outcome = {
    split: `translated in ${pieces} pieces`,
    truncate: "the rest was left out",
    refuse: "not translated",
    keep: "its translation may be poor",
  }[longLines];
  return `${sourceTokens} tokens, more than the ${maxLength} the model was trained for; ${outcome}.`;
}
