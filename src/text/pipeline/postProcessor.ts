import { unsupported } from "../jsonFields.ts";
import { BEGIN_AND_END } from "./specialNames.ts";

/**
 * Post-processors are not applied, as BEGIN and END are the model's to add. One that puts anything else beside a text,
 * a code of its language for example, would be missed.
 *
 * @throws XformerError CHECKPOINT naming the token that a post-processor adds to a single text
 */
export function refuseOtherTokens(postProcessor: unknown, file: string | undefined): void {
  for (const token of tokensBeside(postProcessor)) {
    if (BEGIN_AND_END.has(token)) continue;
    unsupported(
      `a post_processor that adds ${JSON.stringify(token)}`,
      "those that add BEGIN and END only. Take it out of the file, and put such a token into the text",
      file,
    );
  }
}

/** The special tokens that a post-processor puts beside a single text. */
function tokensBeside(part: unknown): string[] {
  const { type, single, processors, cls, sep } = (part ?? {}) as Readonly<Record<string, unknown>>;
  switch (type) {
    case "Sequence":
      return Array.isArray(processors) ? processors.flatMap(tokensBeside) : [];
    case "TemplateProcessing":
      return Array.isArray(single)
        ? single
            .flatMap((piece: { SpecialToken?: { id?: unknown } } | null) => piece?.SpecialToken?.id ?? [])
            .map(String)
        : [];
    case "BertProcessing":
    case "RobertaProcessing":
      return [cls, sep].flatMap((pair) => (Array.isArray(pair) ? String(pair[0]) : []));
    default:
      return [];
  }
}
