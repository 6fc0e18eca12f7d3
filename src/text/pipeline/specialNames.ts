/** What the unknown token is called in vocabularies made elsewhere, the usual name first. */
const UNKNOWN: readonly string[] = ["<unk>", "[UNK]", "<|unk|>"];
/** What BEGIN is called. */
const BEGIN: readonly string[] = ["<s>", "[BOS]", "<bos>", "<|startoftext|>", "<|begin_of_text|>", "[CLS]"];
/** What END is called. */
const END: readonly string[] = ["</s>", "[EOS]", "<eos>", "<|endoftext|>", "<|end_of_text|>", "[SEP]"];

/** The names of the unknown token, BEGIN and END, in the order of their ids in vocabularies of ours. */
export const SPECIAL_NAMES: readonly (readonly string[])[] = [UNKNOWN, BEGIN, END];

/** All names of BEGIN and END. */
export const BEGIN_AND_END: ReadonlySet<string> = new Set([...BEGIN, ...END]);
